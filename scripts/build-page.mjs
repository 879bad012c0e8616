// Bundles the inspector's page (src/inspector/page) into dist/inspector/page: one script, one style sheet, no other
// request. Does nothing when they are newer than everything that they are made of.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isScript, main, root } from "./run.mjs";

/** Its TypeScript project, which has the browser's types. */
export const pageProject = "src/inspector/page";

const folder = join(root, pageProject);
const output = join(root, "dist/inspector/page");
const packages = ["preact", "uplot"];

export async function buildPage() {
  const licences = join(output, "licences.txt");
  const sources = readdirSync(folder).map((name) => join(folder, name));
  const beside = readdirSync(join(folder, ".."))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, "..", name));
  const madeOf = [...sources, ...beside, fileURLToPath(import.meta.url), join(root, "package-lock.json")];
  const made = statSync(licences, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (existsSync(join(output, "page.js")) && madeOf.every((file) => statSync(file).mtimeMs < made)) return;
  mkdirSync(output, { recursive: true });
  const { build } = await import("esbuild");
  await build({
    entryPoints: [join(folder, "page.ts")],
    outfile: join(output, "page.js"),
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2022"],
    tsconfig: join(folder, "tsconfig.json"),
    logLevel: "error",
  });
  for (const name of ["index.html", "icon.svg"]) copyFileSync(join(folder, name), join(output, name));
  // last: it says that all of it is there
  writeFileSync(licences, packages.map(licenceOf).join("\n\n"));
}

function licenceOf(name) {
  const path = join(root, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  return `${name} ${version}\n\n${readFileSync(join(path, "LICENSE"), "utf8")}`;
}

if (isScript(import.meta.url)) await main(() => buildPage());
