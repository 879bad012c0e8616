// Puts the site's pages together in build/pages: the repository's Markdown files, the reference that TypeDoc has written
// there, its index, and the first page.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { withCharts } from "./charts.mjs";
import { chapters, entries, placeOf, read, referenceOf, root } from "./contents.mjs";

const pages = join(root, "site/build/pages");
/** Which guide says what an entry is for. */
const guides = {
  interproc: "../overview.md",
  "interproc/browser": "../guide/browsers.md",
  "interproc/opentelemetry": "../guide/observability.md",
};
/** Applies a function to what stands outside of fenced blocks. */
function inProse(markdown, change) {
  return markdown
    .split(/(^```[^\n]*\n[\s\S]*?^```[ \t]*$)/m)
    .map((piece, index) => (index % 2 === 0 ? change(piece) : piece.replace(/^```([a-z]+) .*$/m, "```$1")))
    .join("");
}

/** Links between files of the repository become links between pages; to files that are no pages, plain text. */
function relinked(markdown, file) {
  const known = new Set(chapters.flatMap(({ files }) => files));
  return inProse(markdown, (prose) =>
    prose.replace(/\[([^\]]*)\]\(([^)\s]+)\)/g, (link, text, target) => {
      const [path, anchor] = target.split("#");
      if (path === "" || /^[a-z]+:/.test(path)) return link;
      const wanted = posix.join(posix.dirname(file), path);
      if (!known.has(wanted)) return existsSync(join(root, wanted)) ? text : link;
      const way = posix.relative(posix.dirname(placeOf(file)), placeOf(wanted));
      return `[${text}](${way.startsWith(".") ? way : `./${way}`}${anchor === undefined ? "" : `#${anchor}`})`;
    }),
  );
}

/** TypeDoc's page, without what its signatures say already; its heading says from which entries the export is. */
function tightened(markdown, from) {
  const origins = from.map((entry) => ` <Badge type="tip" text="${entry}" />`).join("");
  return inProse(markdown, (prose) =>
    prose
      .replace(/^# ([A-Z][A-Za-z ]+): (.+?)(\(\))?$/m, (_, kind, name) => {
        return `# ${name} <Badge type="info" text="${kind.toLowerCase()}" />${origins}`;
      })
      .replace(/^#+ (Inherited from|Overrides|Implementation of)\n\n.*(\n|$)/gm, "")
      .replace(/^#+ (Extends|Extended by|Implements)\n\n((?:- .*\n)+)/gm, (_, how, list) => {
        const known = list.split("\n").filter((line) => line.includes("]("));
        return known.length === 0 ? "" : `**${how}** ${known.map((line) => line.slice(2)).join(", ")}\n`;
      })
      .replace(/^#+ Type Parameters\n\n\| [^\n]*\n(?:\|.*\n)+/gm, (section) =>
        /\| Description \|/.test(section) ? section : "",
      )
      .replace(/^#+ Returns\n\n(?:`[^`]*`|\\?[<>|&[\]() ]|\[`[^`]*`\]\([^)]*\)|\\)+\n(?=\n|$)/gm, "")
      .replace(/^#+ (Get|Set|Call) Signature\n/gm, "")
      .replace(/^#+ Parameters\n/gm, "")
      .replace(/^#+ Throws\n\n/gm, "**Throws** ")
      .replace(/^#+ Example\n/gm, "**Example**\n")
      .replace(/^\*\*\*\n/gm, "")
      .replace(/\n{3,}/g, "\n\n"),
  );
}

/** The first sentence of a reference page, for the index. */
function summaryOf(markdown) {
  const text = markdown.replace(/```[\s\S]*?```/g, "").replace(/^#.*$/gm, "");
  const paragraph = text.split(/\n\s*\n/).find((one) => /^[A-Z`\\]/.test(one.trim())) ?? "";
  if (/^\||^- /.test(paragraph.trim())) return "";
  const line = paragraph.trim().replace(/\s+/g, " ");
  const [sentence] = /^.*?[.:](?= |$)/.exec(line) ?? [line];
  return sentence.replace(/:$/, ".").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}

/** The exports of an entry that have their page at another one: the path of that page below api/, and the name. */
function sharedWith(entry) {
  const overview = readFileSync(join(pages, "api", entry, "README.md"), "utf8");
  return [...overview.matchAll(/^Re-exports \[(\w+)\]\((.+)\.md\)$/gm)].map(([, name, way]) => ({
    name,
    path: posix.join(entry, way),
  }));
}

/** A reference to an object of a manager has the methods of a class that is no export: they go to the page of its type. */
function foldServed(folder) {
  for (const { kind, names } of referenceOf("interproc"))
    for (const name of kind === "type-aliases" ? names : []) {
      const page = join(folder, "interproc", kind, `${name}.md`);
      const markdown = readFileSync(page, "utf8");
      const [, served] = /= Managed<(\w+)/.exec(markdown) ?? [];
      if (served === undefined) continue;
      const from = join(folder, "interproc/classes", `${served}.md`);
      const [, methods] = /^## Methods\n([\s\S]*)/m.exec(readFileSync(from, "utf8"));
      const linked = methods.replace(/\]\((?=\w+\.md)/g, "](../classes/");
      writeFileSync(
        page,
        `${markdown}\n## Methods\n\nEach gives a promise of what stands here; of a generator, what a \`for await\` loop reads.\n${linked}`,
      );
      rmSync(from);
    }
}

function writeReference() {
  const folder = join(pages, "api");
  foldServed(folder);
  const shared = new Map(entries.map(({ name }) => [name, sharedWith(name)]));
  const index = ["# Reference", "", "Every export of the package, from the comments in its source.", ""];
  for (const { name: entry } of entries) {
    index.push(`## \`${entry}\``, "", `[What it is for](${guides[entry]})`, "");
    for (const { heading, kind, names } of referenceOf(entry)) {
      index.push(`### ${heading}`, "", "| | |", "| --- | --- |");
      for (const name of names) {
        const path = `${entry}/${kind}/${name}`;
        const others = [...shared].filter(([, list]) => list.some((one) => one.path === path)).map(([other]) => other);
        const file = join(folder, `${path}.md`);
        const markdown = tightened(readFileSync(file, "utf8"), [entry, ...others]);
        writeFileSync(file, markdown);
        index.push(`| [\`${name}\`](./${path}.md) | ${summaryOf(markdown).replaceAll("|", "\\|")} |`);
      }
      index.push("");
    }
    const also = shared.get(entry).map(({ name, path }) => `[\`${name}\`](./${path}.md)`);
    if (also.length > 0) index.push(`The same as in another entry: ${also.join(", ")}.`, "");
    rmSync(join(folder, entry, "README.md"));
  }
  rmSync(join(folder, "README.md"));
  writeFileSync(join(folder, "index.md"), index.join("\n"));
}

/** The first page: what it is, and the program with which the README begins. */
function writeHome() {
  const readme = read("README.md");
  const [program] = /```ts\n[\s\S]*?```\n\n```text\n[\s\S]*?```/.exec(readme) ?? [""];
  const feature = (title, details, link) => ({ title, details, link });
  const home = {
    layout: "home",
    hero: {
      name: "interproc",
      text: "Processes that talk",
      tagline:
        "Typed, awaitable, crash-safe inter-process communication for Node.js, over shared memory and without a server.",
      actions: [
        { theme: "brand", text: "Ten-minute tutorial", link: "/tutorial" },
        { theme: "alt", text: "What there is", link: "/overview" },
        { theme: "alt", text: "Reference", link: "/api/" },
      ],
    },
    features: [
      feature(
        "Pipes, queues, topics",
        "Values and shared objects between processes, with awaiting, blocking and trying.",
        "/guide/pipes",
      ),
      feature(
        "Locks that pass on",
        "A killed holder holds nobody up, and the next one is told.",
        "/guide/surviving-a-crash",
      ),
      feature(
        "Shared numbers and maps",
        "Counters, arrays and a cache for all workers, without a server.",
        "/guide/cluster-workers",
      ),
      feature(
        "Pools and typed calls",
        "Functions in other processes, with cancellation, retries and progress.",
        "/guide/pools",
      ),
      feature("Sockets, TLS, WebSockets", "The same connection to other programs and machines.", "/guide/connections"),
      feature(
        "Python on the other side",
        "Its connections, pickles and shared memory, both ways.",
        "/guide/from-multiprocessing",
      ),
    ],
  };
  writeFileSync(join(pages, "index.md"), `---\n${JSON.stringify(home, null, 2)}\n---\n\n## Hello\n\n${program}\n`);
}

/** Removes what an earlier build has left. */
export function clear() {
  rmSync(join(root, "site/build"), { recursive: true, force: true });
}

/** Writes all pages; TypeDoc's are there already. */
export function writePages() {
  for (const file of chapters.flatMap(({ files }) => files)) {
    const place = join(pages, placeOf(file));
    mkdirSync(dirname(place), { recursive: true });
    const page = relinked(read(file), file);
    writeFileSync(place, file === "docs/benchmarks.md" ? withCharts(page) : page);
  }
  writeReference();
  writeHome();
}
