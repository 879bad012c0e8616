// Draws the tables that `npm run bench` has printed: for each, the best mode of each peer as a bar. The table itself is
// folded below its charts.
const MEASURES = [
  { column: "messages/s", isLess: false, says: "messages a second" },
  { column: "turns/s", isLess: false, says: "turns a second" },
  { column: "tasks/s", isLess: false, says: "tasks a second" },
  { column: "calls/s", isLess: false, says: "calls a second" },
  { column: "p50 µs", isLess: true, says: "median, µs: less is better" },
];
const UNITS = { k: 1e3, M: 1e6, G: 1e9 };

/** `1.03 M` as a number; NaN for what is none. */
function amountOf(text) {
  const [, number, unit] = /^([\d.,]+)\s*([kMG]?)$/.exec(text.trim()) ?? [];
  return number === undefined ? Number.NaN : Number(number.replaceAll(",", "")) * (UNITS[unit] ?? 1);
}

/** The tables in a block: a title, then a head, a line of dashes under each column, and rows. */
function tablesIn(lines) {
  return lines.flatMap((line, at) => {
    if (!/^\s+-+(\s+-+)+$/.test(line) || at < 2) return [];
    const spans = [...line.matchAll(/-+/g)].map(({ index, 0: dashes }) => [index, index + dashes.length]);
    const cells = (row) => spans.map(([from, to]) => row.slice(from, to).trim());
    const end = lines.findIndex((row, index) => index > at && row.trim() === "");
    const rows = lines.slice(at + 1, end < 0 ? undefined : end).map(cells);
    return [{ title: lines[at - 2], head: cells(lines[at - 1]), rows }];
  });
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function chart({ title, head, rows }) {
  const measure = MEASURES.find(({ column }) => head.includes(column));
  const [peerAt, modeAt] = [head.indexOf("peer"), head.indexOf("mode")];
  if (measure === undefined || peerAt < 0) return "";
  const at = head.indexOf(measure.column);
  const best = new Map();
  for (const row of rows) {
    const value = amountOf(row[at]);
    const known = best.get(row[peerAt]);
    if (Number.isNaN(value) || (known && known.value <= value === measure.isLess)) continue;
    best.set(row[peerAt], { value, text: row[at], mode: modeAt < 0 ? "" : row[modeAt] });
  }
  const most = Math.max(...[...best.values()].map(({ value }) => value));
  if (best.size < 2) return "";
  const bars = [...best].map(([peer, { value, text, mode }]) => {
    const width = ((100 * value) / most).toFixed(1);
    return `<div class="bar${/^interproc\b/.test(peer) ? " is-ours" : ""}"><span>${escaped(peer)} <small>${escaped(mode)}</small></span><span><i style="width:${width}%"></i></span><b>${escaped(text)}</b></div>`;
  });
  return `<figure class="chart"><figcaption>${escaped(title.trim())} <small>${measure.says}, the best mode of each</small></figcaption>${bars.join("")}</figure>\n`;
}

/** A page with charts above each of its blocks of figures. */
export function withCharts(markdown) {
  return markdown.replace(/^```.*\n([\s\S]*?)^```$/gm, (block, body) => {
    const lines = body.split("\n");
    const charts = tablesIn(lines).map(chart).join("");
    if (charts === "") return block;
    const [, what = "figures", where = ""] = /^(\w+): (.*)$/.exec(lines[0]) ?? [];
    return `### Charts: ${what}\n\n${where}\n\n${charts}\n<details><summary>All figures of this run</summary>\n\n${block.replace("```", "```text")}\n\n</details>`;
  });
}
