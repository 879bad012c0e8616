// Builds the addon and the TypeScript projects: src into dist/, test, bench and examples into build/. Only what is stale.
// Then the bundle for browsers, out of what src became.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { buildAddon } from "./build-addon.mjs";
import { buildBrowser } from "./build-browser.mjs";
import { buildPage, pageProject } from "./build-page.mjs";
import { isScript, main, root, run } from "./run.mjs";
import { setup } from "./setup.mjs";

/** Where each project's output goes. */
const outputs = { src: "dist", test: "build/test", bench: "build/bench", examples: "build/examples" };

/** Gives the compiler's exit code; it has then printed what is wrong. */
export async function build(projects = Object.keys(outputs)) {
  await buildAddon();
  for (const project of projects) removeOrphans(project);
  const hasPage = projects.includes("src");
  const all = hasPage ? [...projects, pageProject] : projects;
  const code = await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b", ...all]);
  if (code === 0 && hasPage) await buildPage();
  if (code === 0) await buildBrowser();
  return code;
}

/** Removes what a source file that is gone, or was renamed, has left: it would be shipped, or run as a test. */
function removeOrphans(project) {
  const output = join(root, outputs[project]);
  if (!existsSync(output)) return;
  for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
    const compiled = /^(.+?)(?:\.js|\.js\.map|\.d\.ts)$/.exec(entry.name);
    if (!entry.isFile() || compiled === null) continue;
    const folder = relative(output, entry.parentPath);
    if (!existsSync(join(root, project, folder, `${compiled[1]}.ts`))) rmSync(join(entry.parentPath, entry.name));
  }
}

if (isScript(import.meta.url))
  await main(async () => {
    await setup("build");
    return build();
  });
