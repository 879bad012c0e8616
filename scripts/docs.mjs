// The documentation's site: `npm run docs -- [--serve]` sets up, builds the package, installs what the site is built with,
// and writes it to site/build/html. It fails on links that lead nowhere, and on warnings of TypeDoc.
//   --serve   shows it at http://localhost:4173 afterwards
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { entries } from "../site/contents.mjs";
import { clear, writePages } from "../site/pages.mjs";
import { build } from "./build.mjs";
import { main, root, run, ScriptError } from "./run.mjs";
import { setup } from "./setup.mjs";

const site = join(root, "site");

await main(async (args) => {
  const unknown = args.find((arg) => arg !== "--serve");
  if (unknown) throw new ScriptError(`npm run docs: there is no option ${unknown}; usage: npm run docs -- [--serve]`);
  await setup("build");
  if ((await build(["src"])) !== 0) throw new ScriptError("npm run docs: the package does not compile");
  await install();
  clear();
  await step("typedoc", ["node_modules/typedoc/bin/typedoc", ...entries.map(({ types }) => join(root, types))]);
  writePages();
  await step("vitepress build", ["node_modules/vitepress/bin/vitepress.js", "build"]);
  await step("the check of links", ["check-links.mjs", "build/html"]);
  console.log(`the site is in ${join(site, "build/html")}`);
  if (!args.includes("--serve")) return 0;
  return run(process.execPath, ["node_modules/vitepress/bin/vitepress.js", "preview"], { cwd: site });
});

async function step(what, args) {
  const code = await run(process.execPath, args, { cwd: site });
  if (code !== 0) throw new ScriptError(`npm run docs: ${what} failed with exit code ${code}; the lines above say why`);
}

/** Versions in site/package.json are exact. */
async function install() {
  const { dependencies } = JSON.parse(readFileSync(join(site, "package.json"), "utf8"));
  const isThere = ([name, version]) => version === installedVersion(name);
  if (Object.entries(dependencies).every(isThere)) return;
  console.log("installing what the site is built with (npm install in site/)");
  const args = ["install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  const code = await run("npm", args, { cwd: site });
  if (code !== 0) throw new ScriptError(`npm install in site/ failed with exit code ${code}; the lines above say why`);
}

function installedVersion(name) {
  try {
    return JSON.parse(readFileSync(join(site, "node_modules", name, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}
