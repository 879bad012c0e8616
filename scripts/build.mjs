// Builds the addon and the TypeScript projects: all into build/, and what is declared in src into dist/. Only what is stale.
// Then, out of what src became, what is loaded in dist/ and the bundle for browsers.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { buildAddon } from "./build-addon.mjs";
import { buildBrowser } from "./build-browser.mjs";
import { buildLibrary } from "./build-library.mjs";
import { buildPage, pageProject } from "./build-page.mjs";
import { isScript, main, root, run } from "./run.mjs";
import { setup } from "./setup.mjs";

/** Where each project's output goes. */
const outputs = {
  src: ["build/src", "dist"],
  test: ["build/test"],
  bench: ["build/bench"],
  examples: ["build/examples"],
};

/** Gives the compiler's exit code; it has then printed what is wrong. */
export async function build(projects = Object.keys(outputs)) {
  await buildAddon();
  for (const project of projects) for (const output of outputs[project]) removeOrphans(project, join(root, output));
  const hasPage = projects.includes("src");
  const all = hasPage ? [...projects, pageProject] : projects;
  const code = await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b", ...all]);
  if (code === 0 && hasPage) await buildPage();
  if (code === 0) await buildLibrary();
  if (code === 0) await buildBrowser();
  return code;
}

/** Removes what a source file that is gone, or was renamed, has left: it would be shipped, or run as a test. */
function removeOrphans(project, output) {
  if (!existsSync(output)) return;
  for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
    const compiled = /^(.+?)(?:\.js|\.js\.map|\.d\.ts)$/.exec(entry.name);
    if (!entry.isFile() || compiled === null) continue;
    const folder = relative(output, entry.parentPath);
    if (folder === "bundled") continue; // a file of no source's name
    if (!existsSync(join(root, project, folder, `${compiled[1]}.ts`))) rmSync(join(entry.parentPath, entry.name));
  }
}

if (isScript(import.meta.url))
  await main(async () => {
    await setup("build");
    return build();
  });
