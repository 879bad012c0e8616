import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);

/** The project's root: the nearest folder above this file whose package.json is `interproc`'s. */
export const projectRoot = findRoot(dirname(here));

function findRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) {
      const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name?: string };
      if (name === "interproc") return folder;
    }
    if (dirname(folder) === folder)
      throw new Error(`bench: no package.json of "interproc" in any folder above ${from}`);
  }
}

/**
 * The path of a program in `bench/peers`: `net-socket` is the compiled neighbour of this file (or its source, when this
 * file itself runs as source), `python_pipe.py` is taken from the source folder, because a build copies no Python.
 */
export function peerPath(program: string): string {
  if (program.endsWith(".py")) return join(projectRoot, "bench", "peers", program);
  return join(dirname(here), "peers", program + extname(here));
}
