import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { compiledSource } from "../compiled-source.js";
import type { RingClasses } from "./ring-classes.js";

const sources = ["record-ring.js", "message-writer.js", "message-reader.js"] as const;

/** In which compiled file which text becomes which other one. It must be there once; any space stands for any other. */
export type Mutation = readonly [file: (typeof sources)[number], text: string, replacement: string];

/** The ring classes with faults put into their compiled source. Everything else they import is the real thing. */
export async function mutatedRings(...mutations: readonly Mutation[]): Promise<RingClasses> {
  const folder = mkdtempSync(join(tmpdir(), "interproc-mutant-"));
  try {
    for (const file of sources) {
      const url = import.meta.resolve(`#src/rings/${file}`);
      let code = compiledSource(`rings/${file}`);
      for (const [where, text, replacement] of mutations) {
        if (where !== file) continue;
        const pattern = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
        const parts = code.split(new RegExp(pattern));
        if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times what a mutant changes: ${text}`);
        code = parts.join(replacement);
      }
      // only the three know each other in the folder
      code = code.replace(/ from "(\.{1,2}\/[^"]+)"/g, (whole, path: string) =>
        sources.some((one) => path === `./${one}`) ? whole : ` from ${JSON.stringify(new URL(path, url).href)}`,
      );
      writeFileSync(join(folder, file), code.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
    }
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const modules = await Promise.all(sources.map((file) => import(pathToFileURL(join(folder, file)).href)));
    return Object.assign({}, ...modules) as RingClasses;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
