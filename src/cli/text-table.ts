/** Into how many columns of a terminal a table is to go, and which of its own may be shortened for that. */
export interface Fit {
  readonly width: number;
  readonly shorten: readonly number[];
}

const SEPARATOR = "  ";
/** No column is shortened below this. */
const LEAST = 10;

/**
 * Rows under a heading, each column as wide as its widest cell; `right` are the columns of numbers. With `fit`, long cells
 * lose their middle until a line fits, and what still does not is cut off.
 */
export function textTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number> = new Set(),
  fit?: Fit,
): string[] {
  const widths = heading.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column].length)));
  if (fit) shrink(widths, fit);
  const lines = [heading, ...rows].map((row) =>
    row
      .map((cell, column) => shortened(cell, widths[column]))
      .map((cell, column) => (right.has(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join(SEPARATOR)
      .trimEnd(),
  );
  return fit ? lines.map((line) => line.slice(0, fit.width)) : lines;
}

/** Takes from the widest column that may be shortened, until all fit or none is left. */
function shrink(widths: number[], { width, shorten }: Fit): void {
  let over = widths.reduce((sum, one) => sum + one, 0) + SEPARATOR.length * (widths.length - 1) - width;
  for (; over > 0; over--) {
    const widest = shorten.reduce((a, b) => (widths[b] > widths[a] ? b : a));
    if (widths[widest] <= LEAST) return;
    widths[widest]--;
  }
}

function shortened(cell: string, width: number): string {
  if (cell.length <= width) return cell;
  const end = Math.floor((width - 1) / 3);
  return `${cell.slice(0, width - 1 - end)}…${cell.slice(cell.length - end)}`;
}
