// `node site/check-links.mjs FOLDER`: says which links between the pages of a built site lead nowhere, to no page or to no
// place in it, and ends with 1 if there are any.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, sep } from "node:path";

const [folder] = process.argv.slice(2);
const pages = new Map();
for (const file of readdirSync(folder, { recursive: true }))
  if (file.endsWith(".html")) pages.set(file.split(sep).join("/"), readFileSync(join(folder, file), "utf8"));

const idsOf = new Map(
  [...pages].map(([page, html]) => [page, new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))]),
);

/** The page that a path leads to; undefined when it is none, null for a file that is no page. */
function pageAt(path) {
  for (const candidate of [path, `${path}.html`, posix.join(path, "index.html")]) {
    if (pages.has(candidate)) return candidate;
    if (existsSync(join(folder, candidate)) && statSync(join(folder, candidate)).isFile()) return null;
  }
  return undefined;
}

const broken = new Set();
for (const [page, html] of pages)
  for (const [, href] of html.matchAll(/<a\b[^>]*?\shref="([^"]+)"/g)) {
    if (/^[a-z]+:|^\/\//.test(href)) continue;
    const [path, anchor] = href.split("#");
    const wanted = path.startsWith("/") ? path.slice(1) : posix.join(posix.dirname(page), path);
    const target = path === "" ? page : pageAt(wanted === "" ? "index.html" : wanted);
    const isThere =
      target === null || (target !== undefined && (!anchor || idsOf.get(target).has(decodeURIComponent(anchor))));
    if (!isThere) broken.add(`${page}: ${href}`);
  }

for (const link of [...broken].sort()) console.error(`dead link in ${link}`);
if (pages.size === 0) console.error(`there are no pages in ${folder}`);
process.exitCode = broken.size === 0 && pages.size > 0 ? 0 : 1;
