import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { BrowserPage } from "./launch-chromium.js";

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with a page as it is now, one line for each kind. */
export async function axeViolations(page: BrowserPage): Promise<string[]> {
  await page.evaluate(`${source}; 0`);
  const { violations } = await page.evaluate<{ violations: Violation[] }>(
    "axe.run(document, { resultTypes: ['violations'] })",
  );
  return violations.map(({ id, help, nodes }) => {
    const [{ html, failureSummary = "" }] = nodes;
    return `${id}: ${help}; ${nodes.length} times, as ${html.slice(0, 200)}: ${failureSummary.replaceAll("\n", " ")}`;
  });
}
