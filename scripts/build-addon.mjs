// Compiles native/ into dist/prebuilds/<platform>-<arch>-<libc>/interproc.node, where a published package carries its
// binaries and src/native/addon.ts looks for them. Does nothing when the binary is newer than everything it is made of.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isScript, main, root, run, ScriptError } from "./run.mjs";

const folder = join(root, "native");
const headers = join(root, "node_modules", "node-api-headers", "include");
const flags = [
  ...["-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-pthread", "-fvisibility=hidden"],
  ...["-Wall", "-Wextra", "-Werror"],
  // the same binary wherever the checkout lies
  ...[`-ffile-prefix-map=${root}=.`, "-shared", "-s"],
  // stays when the worker thread that alone had loaded it ends: the watcher thread runs in it
  "-Wl,-z,nodelete",
];

export async function buildAddon() {
  const half = `${process.platform}.c`;
  if (!existsSync(join(folder, half))) {
    console.log(`no addon for ${process.platform} (there is no native/${half}): shared memory will not work here`);
    return;
  }
  const sources = [join(folder, "shim.c"), join(folder, half)];
  const output = join(root, "dist", "prebuilds", target(), "interproc.node");
  const madeOf = [...readdirSync(folder).map((name) => join(folder, name)), headers, fileURLToPath(import.meta.url)];
  if (existsSync(output) && madeOf.every((file) => statSync(file).mtimeMs < statSync(output).mtimeMs)) return;
  mkdirSync(dirname(output), { recursive: true });
  // a name of its own until it is whole: a process may be loading the binary while another one builds
  const unfinished = `${output}.${process.pid}`;
  try {
    const code = await run("cc", [...flags, "-isystem", headers, "-o", unfinished, ...sources]);
    if (code !== 0) throw new ScriptError(`cc failed with exit code ${code} on ${sources.join(" ")}`);
    renameSync(unfinished, output);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** As src/native/addon.ts names it. */
function target() {
  if (process.platform !== "linux") return `${process.platform}-${process.arch}`;
  const isGlibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  return `${process.platform}-${process.arch}-${isGlibc ? "glibc" : "musl"}`;
}

if (isScript(import.meta.url)) await main(buildAddon);
