// Puts the site's pages together in build/pages: the repository's Markdown files, the reference that TypeDoc has written
// there, its index, and the first page.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { withCharts } from "./charts.mjs";
import { chapters, placeOf, read, root } from "./contents.mjs";

const pages = join(root, "site/build/pages");
const kinds = {
  functions: "Functions",
  classes: "Classes",
  interfaces: "Interfaces",
  "type-aliases": "Types",
  variables: "Constants",
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

/** TypeDoc's page, without what its signatures say already. */
function tightened(markdown) {
  return inProse(markdown, (prose) =>
    prose
      .replace(/^# ([A-Z][a-z ]+): (.+?)(\(\))?$/m, (_, kind, name) => {
        return `# ${name} <Badge type="info" text="${kind.toLowerCase()}" />`;
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

function writeReference() {
  const folder = join(pages, "api");
  const index = ["# Reference", "", "Every export of the package, from the comments in its source.", ""];
  for (const [kind, heading] of Object.entries(kinds)) {
    const names = existsSync(join(folder, kind)) ? readdirSync(join(folder, kind)).sort() : [];
    if (names.length === 0) continue;
    index.push(`## ${heading}`, "", "| | |", "| --- | --- |");
    for (const name of names) {
      const markdown = tightened(readFileSync(join(folder, kind, name), "utf8"));
      writeFileSync(join(folder, kind, name), markdown);
      index.push(`| [\`${name.slice(0, -3)}\`](./${kind}/${name}) | ${summaryOf(markdown).replaceAll("|", "\\|")} |`);
    }
    index.push("");
  }
  rmSync(join(folder, "README.md"), { force: true });
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
