import { posix } from "node:path";
import { read } from "../source-tree.js";

/** A name that the package exports, and the first words of its docstring where it has one. */
export interface PublicExport {
  readonly name: string;
  readonly says: string | undefined;
}

const kinds = "(?:abstract )?(?:async )?(?:class|function\\*?|interface|type|const)";

/** What a source file exports, as its lines and those of the files that it names say. */
export function publicExports(file = "src/index.ts"): PublicExport[] {
  const source = read(file);
  const own = [...source.matchAll(new RegExp(`^export ${kinds} (\\w+)`, "gm"))].map(([, name]) => name);
  const found = new Map(own.map((name) => [name, docstringOf(name, source)]));
  for (const [, list, from] of source.matchAll(/export (?:type )?(\*|\{[^}]*\}) from "([^"]+)\.js";/g)) {
    const there = publicExports(posix.join(posix.dirname(file), `${from}.ts`));
    const names =
      list === "*"
        ? there.map(({ name }) => name)
        : list
            .slice(1, -1)
            .split(",")
            .map((one) => one.trim().replace(/^type /, ""))
            .filter((one) => one !== "");
    for (const name of names) found.set(name, there.find((one) => one.name === name)?.says);
  }
  return [...found].map(([name, says]) => ({ name, says }));
}

/** The first words of the comment before the first declaration of a name. */
function docstringOf(name: string, source: string): string | undefined {
  const declared = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*export ${kinds} ${name}\\b`);
  const text = declared
    .exec(source)?.[1]
    .replace(/^\s*\* ?/gm, "")
    .replace(/\{@link (\w+)\}/g, "$1")
    .trim();
  return text?.split(/\s+/).slice(0, 5).join(" ");
}
