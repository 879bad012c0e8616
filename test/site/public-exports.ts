import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { projectRoot } from "../project-root.js";

/** A name that the package exports, and the first words of its docstring where it has one. */
export interface PublicExport {
  readonly name: string;
  readonly says: string | undefined;
}

const read = (file: string): string => readFileSync(join(projectRoot, file), "utf8");

/** What `src/index.ts` exports, as its lines and the files that they name say. */
export function publicExports(): PublicExport[] {
  const found = new Map<string, string | undefined>();
  for (const [, list, from] of read("src/index.ts").matchAll(
    /export (?:type )?(\*|\{[^}]*\}) from "\.\/([^"]+)\.js";/g,
  )) {
    const file = posix.join("src", `${from}.ts`);
    const source = read(file);
    const names =
      list === "*"
        ? [
            ...source.matchAll(
              /^export (?:declare )?(?:abstract )?(?:async )?(?:class|function\*?|interface|type|const) (\w+)/gm,
            ),
          ].map(([, name]) => name)
        : list
            .slice(1, -1)
            .split(",")
            .map((one) => one.trim().replace(/^type /, ""))
            .filter((one) => one !== "");
    for (const name of names) found.set(name, docstringOf(name, source));
  }
  return [...found].map(([name, says]) => ({ name, says }));
}

/** The first words of the comment before the first declaration of a name. */
function docstringOf(name: string, source: string): string | undefined {
  const declared = new RegExp(
    `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*export (?:abstract )?(?:async )?(?:class|function\\*?|interface|type|const) ${name}\\b`,
  );
  const text = declared
    .exec(source)?.[1]
    .replace(/^\s*\* ?/gm, "")
    .trim();
  return text?.split(/\s+/).slice(0, 5).join(" ");
}
