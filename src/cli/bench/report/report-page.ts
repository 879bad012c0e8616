import { createHash } from "node:crypto";
import { bytesText } from "../../figures.js";
import { adviceText } from "../advice-text.js";
import type { Advised } from "../advise.js";
import type { BenchResults } from "../results.js";
import { escaped } from "./escaped.js";
import { reportCharts } from "./report-charts.js";
import { reportTables } from "./report-tables.js";
import { style } from "./style.js";

/** The whole report as one page: no script, nothing that is loaded, and a policy that allows its own style only. */
export function reportPage(results: BenchResults, advised: readonly Advised[]): string {
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>interproc bench, ${escaped(results.machine.startedAt.slice(0, 10))}</title>
<style>${style}</style>
</head>
<body>
<h1>interproc bench</h1>
${results.warnings.map((text) => `<p class="warning" role="note">${escaped(text)}</p>`).join("\n")}
<dl>
${facts(results)
  .map(([name, text]) => `<dt>${escaped(name)}</dt><dd>${escaped(text)}</dd>`)
  .join("\n")}
</dl>
<h2>Recommendations</h2>
${recommendations(advised)}
<h2>Charts</h2>
${reportCharts(results)}
<h2>All figures</h2>
<p>A round trip is one message there and its answer back, one after another. One way is how many messages a second
the other process has taken, sent in batches where there are batches. Figures are medians over slices.</p>
${reportTables(results)}
${skipped(results)}
</body>
</html>
`;
}

function facts({ machine }: BenchResults): [string, string][] {
  const { cpu, cores, memoryBytes, os, runtime, interproc, loadBefore, loadAfter, startedAt, seconds } = machine;
  return [
    ["Processor", `${cpu}, ${cores} cores`],
    ["Memory", bytesText(memoryBytes)],
    ["System", os],
    ["Runtime", `${runtime}, interproc ${interproc}`],
    ["Load", `${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} at the end`],
    ["Measured", `${startedAt}, ${seconds.toFixed(0)} s`],
  ];
}

function recommendations(advised: readonly Advised[]): string {
  const rows = advised.map(({ what, recommendation: { order } }) => {
    const [best, ...others] = order;
    const then = others.slice(0, 3).map(({ title }) => title);
    return (
      `<tr><th class="text" scope="row">${escaped(what)}</th><td class="text">${escaped(best?.title ?? "nothing that was measured")}</td>` +
      `<td class="text">${best ? escaped(adviceText(best)) : ""}</td><td class="text">${escaped(then.join(", "))}</td></tr>`
    );
  });
  const heads = ["For", "Take", "Because", "Then"].map((text) => `<th class="text" scope="col">${text}</th>`).join("");
  return (
    '<div class="scroll" role="region" aria-label="Recommendations" tabindex="0"><table><caption>What fits, the best by the round trip; for long messages by what goes through.' +
    ` Other machines were not there: their figures are this machine’s own addresses.</caption>` +
    `<thead><tr>${heads}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`
  );
}

function skipped({ skipped, mechanisms }: BenchResults): string {
  if (skipped.length === 0) return "";
  const items = skipped.map(({ mechanism, bytes, why }) => {
    const title = mechanisms.find(({ name }) => name === mechanism)?.title ?? mechanism;
    return `<li>${escaped(title)}${bytes === undefined ? "" : `, ${bytes.toLocaleString("en")} bytes`}: ${escaped(why)}</li>`;
  });
  return `<h2>Not measured</h2>\n<ul>${items.join("")}</ul>`;
}
