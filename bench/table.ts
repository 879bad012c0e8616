/** Rows of text as aligned columns: the first `leftColumns` to the left, the figures to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], leftColumns: number): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) => {
        const text = row[column] ?? "";
        return column < leftColumns ? text.padEnd(width) : text.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return [header, widths.map((width) => "-".repeat(width)), ...rows].map((row) => `  ${line(row)}`).join("\n");
}

/** 1234567 as "1.23 M": three digits that mean something, with k, M or G. */
export function rate(value: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    if (value >= size) return `${(value / size).toPrecision(3)} ${unit}`;
  }
  return value.toPrecision(3);
}

/** A factor as "12.3x"; "-" where one side was not measured. */
export function factor(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "-";
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)}x`;
}

/** A duration in microseconds with the digits that mean something. */
export function microsText(micros: number | undefined): string {
  return micros === undefined ? "-" : micros >= 100 ? micros.toFixed(0) : micros.toPrecision(3);
}
