// Which files of the repository are pages of the site, where they stand in it, and in which order; what the reference is of.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

export const read = (file) => readFileSync(join(root, file), "utf8");

/** What a program can import from, by package.json: the name that it says, and the file with the declarations. */
export const entries = Object.entries(JSON.parse(read("package.json")).exports)
  .filter(([, { types }]) => types !== undefined)
  .map(([path, { types }]) => ({ name: posix.join("interproc", path), types }));

const kinds = {
  functions: "Functions",
  classes: "Classes",
  interfaces: "Interfaces",
  "type-aliases": "Types",
  variables: "Constants",
};

/** Which pages of the reference TypeDoc has written for an entry: for each kind a heading, a folder, and the names in it. */
export function referenceOf(entry) {
  return Object.entries(kinds).flatMap(([kind, heading]) => {
    const folder = `api/${entry}/${kind}`;
    const path = join(root, "site/build/pages", folder);
    if (!existsSync(path)) return [];
    const names = readdirSync(path).map((file) => file.slice(0, -".md".length));
    return [{ heading, kind, folder, names: names.sort() }];
  });
}

const guide = (...names) => names.map((name) => `docs/guide/${name}.md`);
const tasks = guide(
  "from-one-machine-to-many",
  "cluster-workers",
  "surviving-a-crash",
  "shutting-down",
  "under-other-runners",
  "python",
  "main-job",
);
const porting = guide("from-multiprocessing", "from-child-process", "from-node-ipc", "from-pymq");
const things = guide(
  "processes",
  "pipes",
  "connections",
  "gateway",
  "observability",
  "queues",
  "topics",
  "brokers",
  "rabbitmq",
  "shared-values",
  "shared-maps",
  "shared-memory",
  "locks",
  "pools",
  "calls",
  "managers",
  "programs",
  "waiting",
);

/** All Markdown files of a folder that no list above names: those that were written since. */
function others(folder, named) {
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".md") && file !== "README.md")
    .map((file) => `${folder}/${file}`)
    .filter((file) => !named.includes(file))
    .sort();
}

/** The chapters in their order: a title, and the files in it. */
export const chapters = [
  { text: "Start", files: ["README.md", "docs/tutorial.md"] },
  { text: "Things there are", files: [...things, ...others("docs/guide", [...things, ...tasks, ...porting])] },
  { text: "Things to do", files: tasks },
  { text: "Coming from elsewhere", files: porting },
  {
    text: "To look up",
    files: [
      "docs/errors.md",
      "RELIABILITY.md",
      "docs/benchmarks.md",
      "docs/acceptance.md",
      "SECURITY.md",
      "CHANGELOG.md",
    ],
  },
  { text: "Formats", files: others("docs/formats", []) },
  { text: "How it is made", files: ["ARCHITECTURE.md", "CONTRIBUTING.md"] },
  { text: "Decisions", files: ["docs/decisions/README.md", ...others("docs/decisions", [])] },
].map(({ text, files }) => ({ text, files: files.filter((file) => existsSync(join(root, file))) }));

/** Where a file of the repository stands in the site. */
export function placeOf(file) {
  if (file === "README.md") return "overview.md";
  const place = file.replace(/^docs\//, "").replace(/README\.md$/, "index.md");
  return file.startsWith("docs/") ? place : basename(place).toLowerCase();
}

/** A page's first heading, without its marks. */
export function titleOf(markdown) {
  return (/^# (.+)$/m.exec(markdown)?.[1] ?? "").replaceAll("`", "");
}
