import { chapters, entries, placeOf, read, referenceOf, titleOf } from "../contents.mjs";

const link = (place) => `/${place.replace(/\.md$/, "").replace(/(^|\/)index$/, "$1")}`;
const pagesOf = ({ files }) => files.map((file) => ({ text: nameOf(file), link: link(placeOf(file)) }));
const nameOf = (file) => (file === "README.md" ? "What there is" : titleOf(read(file)));
const folded = new Set(["Formats", "How it is made", "Decisions"]);
const guide = chapters.map((chapter) => ({
  text: chapter.text,
  items: pagesOf(chapter),
  collapsed: folded.has(chapter.text),
}));

const api = entries.map(({ name: entry }) => ({
  text: entry,
  items: referenceOf(entry).map(({ heading, kind, folder, names }) => ({
    text: heading,
    items: names.map((name) => ({ text: name, link: `/${folder}/${name}` })),
    collapsed: kind !== "functions" && kind !== "classes",
  })),
}));

/** As on GitHub, so that a link to a heading holds here and there. */
const slugify = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");

/** Two ends and what goes between them. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke="#0d8282" stroke-width="3">' +
    '<circle cx="7" cy="16" r="5"/><circle cx="25" cy="16" r="5"/><path d="M12 16h8"/></g></svg>',
)}`;

export default {
  title: "interproc",
  description: "Typed, awaitable, crash-safe inter-process communication for Node.js.",
  head: [["link", { rel: "icon", type: "image/svg+xml", href: icon }]],
  srcDir: "build/pages",
  outDir: "build/html",
  cacheDir: "build/cache",
  lastUpdated: false,
  markdown: { anchor: { slugify }, theme: { light: "github-light", dark: "github-dark" } },
  themeConfig: {
    search: { provider: "local" },
    outline: { level: [2, 3] },
    nav: [
      { text: "Tutorial", link: "/tutorial" },
      { text: "Guide", link: "/overview" },
      { text: "Reference", link: "/api/" },
      { text: "Performance", link: "/benchmarks" },
    ],
    sidebar: { "/api/": [{ text: "Reference", link: "/api/" }, ...api], "/": guide },
    docFooter: { prev: "Before", next: "Next" },
  },
};
