/** Rows under a heading, each column as wide as its widest cell; `right` are the columns of numbers. */
export function textTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
): string[] {
  const widths = heading.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column].length)));
  return [heading, ...rows].map((row) =>
    row
      .map((cell, column) => (right.has(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join("  ")
      .trimEnd(),
  );
}
