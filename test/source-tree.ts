import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project-root.js";

/** Folders that hold nothing written by hand. */
const made = new Set(["node_modules", "dist", "build", ".git"]);

/** All files below a folder of the project, as paths relative to the project's root. */
export function filesBelow(folder: string, matching: RegExp): string[] {
  if (!existsSync(join(projectRoot, folder))) return [];
  const found: string[] = [];
  for (const entry of readdirSync(join(projectRoot, folder), { withFileTypes: true })) {
    const path = folder === "." ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory() && !made.has(entry.name)) found.push(...filesBelow(path, matching));
    else if (entry.isFile() && matching.test(entry.name)) found.push(path);
  }
  return found.sort();
}

export function read(file: string): string {
  return readFileSync(join(projectRoot, file), "utf8");
}

/** The source without its comments, each line staying where it was. */
export function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** Runs `complain` over each line of each file and gives `file:line: what it said`. */
export function complaints(
  files: readonly string[],
  complain: (line: string, file: string) => string | undefined,
  prepare: (source: string) => string = (source) => source,
): string[] {
  return files.flatMap((file) =>
    prepare(read(file))
      .split("\n")
      .flatMap((line, index) => {
        const complaint = complain(line, file);
        return complaint === undefined ? [] : [`${file}:${index + 1}: ${complaint}`];
      }),
  );
}
