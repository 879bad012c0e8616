// Bundles what `interproc/browser` is, out of the compiled build/src/browser/index.js, into one file without imports. Where a module
// needs Node, and the browser has another one to offer, that one is taken: the table below.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isScript, main, root } from "./run.mjs";

const compiled = join(root, "build/src");

/** Modules of ours, or of Node, and what stands in their place in browser/. */
const replacements = new Map([
  [join(compiled, "after-turn.js"), "after-turn.js"],
  [join(compiled, "codec/buffer-prototype.js"), "buffer-prototype.js"],
  [join(compiled, "codec/only-elements.js"), "only-elements.js"],
  [join(compiled, "codec/own-copy.js"), "own-copy.js"],
  [join(compiled, "codec/pickle/pickle-codec.js"), "pickle-codec.js"],
  [join(compiled, "codec/text.js"), "text.js"],
  [join(compiled, "memory/copy-of.js"), "copy-of.js"],
  [join(compiled, "transports/hmac.js"), "hmac.js"],
  ["node:diagnostics_channel", "diagnostics-channel.js"],
  ["node:util", "node-util.js"],
]);

const replacing = {
  name: "replacing",
  setup({ onResolve }) {
    onResolve({ filter: /^(\.|node:)/ }, ({ path, resolveDir, importer }) => {
      const wanted = path.startsWith("node:") ? path : join(resolveDir, path);
      const instead = replacements.get(wanted);
      if (instead === undefined || importer.startsWith(join(compiled, "browser/"))) return undefined;
      return { path: join(compiled, "browser", instead) };
    });
  },
};

/** Writes dist/browser/interproc.mjs, if it is not that already. */
export async function buildBrowser() {
  const output = join(root, "dist/browser/interproc.mjs");
  const { build } = await import("esbuild"); // it is not there before the packages are installed
  const { outputFiles } = await build({
    entryPoints: [join(compiled, "browser/index.js")],
    outfile: output,
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    charset: "utf8",
    plugins: [replacing],
    logLevel: "warning",
  });
  const [{ text }] = outputFiles;
  if (existsSync(output) && readFileSync(output, "utf8") === text) return;
  writeFileSync(`${output}.${process.pid}`, text); // whole at once: a test may be reading it
  renameSync(`${output}.${process.pid}`, output);
}

if (isScript(import.meta.url)) await main(() => buildBrowser());
