import { escaped } from "./escaped.js";

/** One bar: `tail` is drawn as a thin line from the bar's end on. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly tail?: number;
  /** What stands behind it. */
  readonly text: string;
}

export interface BarChart {
  /** An id that no other element of the page has. */
  readonly id: string;
  readonly title: string;
  /** What the chart says, for those who do not see it; the figures themselves stand in a table. */
  readonly description: string;
  /** A value of the axis as a text. */
  readonly tick: (value: number) => string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const LABELS = 210;
const TEXTS = 150;
const ROW = 22;
const BAR = 12;
const TOP = 8;
const AXIS = 22;
/** Where many powers of ten are to be labelled, each second one is. */
const MOST_TICKS = 7;

/** Horizontal bars on a logarithmic axis, as an SVG element whose colours are the page's. */
export function barChart({ id, title, description, tick, bars }: BarChart): string {
  const values = bars.flatMap(({ value, tail = value }) => [value, tail]).filter((value) => value > 0);
  const least = Math.floor(Math.log10(Math.min(...values)) - 0.05);
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...values))));
  const x = (value: number): number =>
    round(LABELS + ((Math.log10(Math.max(value, 10 ** least)) - least) / (most - least)) * (WIDTH - LABELS - TEXTS));
  const bottom = TOP + bars.length * ROW;
  const step = Math.ceil((most - least + 1) / MOST_TICKS);
  const powers = Array.from({ length: most - least + 1 }, (_, index) => least + index);
  const grid = powers.map((power) => {
    const at = x(10 ** power);
    const label = (power - least) % step === 0 ? tick(10 ** power) : "";
    return (
      `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/>` +
      (label === "" ? "" : `<text class="tick" x="${at}" y="${bottom + 15}">${escaped(label)}</text>`)
    );
  });
  const rows = bars.map(({ label, value, tail, text }, index) => {
    const middle = TOP + index * ROW + ROW / 2;
    const end = Math.max(x(value), LABELS + 1);
    const furthest = tail === undefined ? end : Math.max(end, x(tail));
    return (
      `<g><text class="label" x="${LABELS - 8}" y="${middle + 4}">${escaped(label)}</text>` +
      `<rect class="bar" x="${LABELS}" y="${middle - BAR / 2}" width="${round(end - LABELS)}" height="${BAR}"/>` +
      (furthest > end ? `<path class="tail" d="M${end} ${middle}H${furthest}M${furthest} ${middle - 4}v8"/>` : "") +
      `<text class="value" x="${furthest + 7}" y="${middle + 4}">${escaped(text)}</text></g>`
    );
  });
  return (
    `<svg viewBox="0 0 ${WIDTH} ${bottom + AXIS}" role="img" aria-labelledby="${id}-title ${id}-text">` +
    `<title id="${id}-title">${escaped(title)}</title><desc id="${id}-text">${escaped(description)}</desc>` +
    `${grid.join("")}${rows.join("")}</svg>`
  );
}

const round = (value: number): number => Math.round(value * 10) / 10;
