// Makes what is loaded, in dist, of what the compiler made of src, in build/src. All that `import "interproc"` loads goes into
// one file, dist/bundled/interproc.js: hundreds of modules take Node three times as long, and every child process loads
// them. Each of those modules still has a file of its own in dist, which only names its part of the bundle: whoever imports
// modules by their paths (a command, what is loaded on use, a test) has the same classes and the same state. All other
// modules stay what they are.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { isScript, main, root } from "./run.mjs";

const compiled = join(root, "build/src");
const dist = join(root, "dist");
const bundle = join(dist, "bundled/interproc.js");

const options = {
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  platform: "node",
  target: "es2022",
  packages: "external",
  legalComments: "none",
  logLevel: "warning",
};

/** What is loaded on use stays outside, and is imported from where the bundle is. */
const loadedOnUse = {
  name: "loaded on use",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) =>
      kind === "dynamic-import" ? { path: specifier(bundle, join(resolveDir, path)), external: true } : undefined,
    );
  },
};

/** Writes what has changed. */
export async function buildLibrary() {
  const { build } = await import("esbuild"); // it is not there before the packages are installed
  const { metafile } = await build({
    ...options,
    entryPoints: [join(compiled, "index.js")],
    plugins: [loadedOnUse],
  });
  const modules = Object.keys(metafile.inputs).map((path) => relative(compiled, join(root, path)));
  const exported = await exportsOf(build, modules);
  const { outputFiles } = await build({
    ...options,
    stdin: { contents: allExports(exported), resolveDir: compiled, sourcefile: "interproc.js" },
    outfile: bundle,
    sourcemap: true,
    plugins: [loadedOnUse],
  });
  for (const { path, text } of outputFiles) write(path, path.endsWith(".map") ? text : inOneByte(withOwnNames(text)));
  for (const entry of readdirSync(compiled, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.js(\.map)?$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const path = relative(compiled, file);
    const output = join(dist, path);
    const names = exported.get(path.replace(/\.map$/, ""));
    if (names === undefined) write(output, readFileSync(file, "utf8"));
    else if (path.endsWith(".map")) rmSync(output, { force: true });
    else write(output, door(path, names));
  }
}

/** The bundler calls a class that speaks of itself `_Queue` inside: what errors and `console.log` show is its own name again. */
function withOwnNames(text) {
  const names = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name);
  return names.reduce((all, name) => all.replace(new RegExp(`\\b_${name}\\b`, "g"), name), text);
}

/**
 * The compiler takes half as long for a text all of whose characters fit into a byte. What is code has been escaped; this is
 * for what is in comments.
 */
function inOneByte(text) {
  const code = text
    .split("\n")
    .find((line) => /[^\0-\xff]/.test(line.replace(/^\s*(\/\*|\*).*|\/\/ .*|\/\*.*?\*\//, "")));
  if (code !== undefined) throw new Error(`a character that takes more than a byte is in code: ${code.trim()}`);
  return text.replace(/[^\0-\xff]/g, "?");
}

/** The names that each module exports, those that it passes on as well. */
async function exportsOf(build, modules) {
  const { metafile } = await build({
    ...options,
    entryPoints: modules.map((path) => join(compiled, path)),
    outbase: compiled,
    outdir: dist,
    splitting: true,
    plugins: [loadedOnUse],
  });
  const outputs = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  return new Map(outputs.map(({ entryPoint, exports }) => [relative(compiled, join(root, entryPoint)), exports]));
}

const nameInBundle = (path, name) => `${path.slice(0, -".js".length).replace(/[^\w]/g, "_")}$${name}`;

function allExports(exported) {
  const lines = [...exported].map(([path, names]) => {
    const all = names.map((name) => `${name} as ${nameInBundle(path, name)}`).join(", ");
    return names.length === 0 ? `import "./${path}";` : `export { ${all} } from "./${path}";`;
  });
  return lines.join("\n");
}

/** What stands in place of a module whose code is in the bundle. */
function door(path, names) {
  const from = JSON.stringify(specifier(join(dist, path), bundle));
  const all = names.map((name) => `${nameInBundle(path, name)} as ${name}`).join(", ");
  return names.length === 0 ? `import ${from};\n` : `export { ${all} } from ${from};\n`;
}

/** How a file imports another one; both below dist, or the latter where the compiler put it. */
function specifier(from, to) {
  const target = to.startsWith(compiled) ? join(dist, relative(compiled, to)) : to;
  const path = relative(dirname(from), target).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** Whole at once, for somebody may be loading it; and only when it is another one. */
function write(path, text) {
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {
    mkdirSync(dirname(path), { recursive: true });
  }
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

if (isScript(import.meta.url)) await main(() => buildLibrary());
