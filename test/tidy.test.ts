import assert from "node:assert/strict";
import { posix } from "node:path";
import { describe, test } from "node:test";
import { type Import, Layers } from "./layers.js";
import { complaints, filesBelow, read, withoutComments } from "./source-tree.js";

const sources = filesBelow("src", /\.ts$/);
const typescript = [...sources, ...["test", "bench", "examples"].flatMap((folder) => filesBelow(folder, /\.ts$/))];
const written = [...typescript, ...filesBelow("scripts", /\.mjs$/), ...filesBelow("native", /\.[ch]$/)];

describe("tidy", () => {
  test("smoke: there are sources to look at", () => {
    assert.ok(sources.length > 3, `${sources.length} files in src`);
  });

  test("a folder imports only what src/layers.txt allows", () => {
    const layers = new Layers(read("src/layers.txt"));
    const unruled = sources.filter((file) => layers.ruleFor(file.slice("src/".length)) === undefined);
    assert.deepEqual(unruled, [], "files without a line in src/layers.txt");
    const forbidden = sources
      .flatMap(importsOf)
      .filter((one) => !layers.allows(one))
      .map(({ from, to, isDynamic }) => `src/${from} may not import ${to}${isDynamic ? " (dynamically)" : ""}`);
    assert.deepEqual(forbidden, []);
  });

  test("layers.txt is read as it is written", () => {
    const layers = new Layers(
      "# a comment: x\nwords: errors codec*\nlow:\nhigh: low\nhigh/door: dynamic far\ntop: *\ntable: *.layout\n",
    );
    const allows = (from: string, to: string, isDynamic = false) => layers.allows({ from, to, isDynamic });
    assert.ok(allows("high/a.ts", "low/b.ts") && allows("high/a.ts", "high/b.ts") && allows("low/a.ts", "errors.ts"));
    assert.ok(
      allows("errors.ts", "codec-json.ts") && allows("top.ts", "low/a.ts") && allows("table/a.ts", "low/b.layout.ts"),
    );
    assert.ok(allows("high/door.ts", "far/a.ts", true) && !allows("high/door.ts", "far/a.ts"));
    assert.ok(
      !allows("low/a.ts", "high/b.ts") && !allows("errors.ts", "low/a.ts") && !allows("table/a.ts", "low/b.ts"),
    );
    assert.ok(!allows("nowhere/a.ts", "low/b.ts"));
  });

  test("src/index.ts re-exports and does nothing else", () => {
    if (!sources.includes("src/index.ts")) return;
    const rest = withoutComments(read("src/index.ts"))
      .replace(/export (type )?(\*|\{[^}]*\}) from "[^"]+";/g, "")
      .trim();
    assert.equal(rest, "");
  });

  test("no file or folder is a drawer", () => {
    const drawers = new Set(["util", "utils", "helper", "helpers", "common", "types", "lib", "core", "misc"]);
    const found = written.filter((file) => file.split("/").some((part) => drawers.has(part.replace(/\..*$/, ""))));
    assert.deepEqual(found, []);
  });

  test("file names are kebab-case", () => {
    const allowed = /^[a-z0-9]+(-[a-z0-9]+)*(\.layout|\.test|\.bench|\.d)?\.(ts|mjs|c|h)$/;
    assert.deepEqual(
      written.filter((file) => !allowed.test(posix.basename(file))),
      [],
    );
  });

  test("no file in src has more than 400 lines", () => {
    const long = sources.map((file) => [file, read(file).trimEnd().split("\n").length] as const);
    assert.deepEqual(
      long.filter(([, lines]) => lines > 400),
      [],
    );
  });

  test("every ordering has its two ends: what is published is observed, and the other way round", () => {
    assert.deepEqual(orderings("publishes"), orderings("observes"));
  });

  test("every ordering that an essay names is in its file's code", () => {
    const missing = sources.flatMap((file) => {
      const essays = (read(file).match(/\/\*[\s\S]*?\*\//g) ?? []).join("\n");
      return [...essays.matchAll(/\b(publishes|observes): ([\w-]+)/g)]
        .filter(([, verb, name]) => !new RegExp(`// .*\\b${verb}: .*\\b${name}\\b`).test(read(file)))
        .map(([found]) => `${file}: ${found}`);
    });
    assert.deepEqual(missing, []);
  });

  test("nothing is left for later", () => {
    const marks = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`);
    assert.deepEqual(
      complaints(written, (line) => marks.exec(line)?.[0]),
      [],
    );
  });

  test("no check is switched off in the source", () => {
    const switches = new RegExp(["@ts-" + "(ignore|nocheck)", "biome-" + "ignore", "eslint-" + "disable"].join("|"));
    const inSource = new RegExp(`@ts-${"expect"}-error`);
    assert.deepEqual(
      [
        ...complaints(written, (line) => switches.exec(line)?.[0]),
        ...complaints(sources, (line) => inSource.exec(line)?.[0]),
      ],
      [],
    );
  });

  test("no type is `any`", () => {
    const any = /(?:[:<,|&(=]|\bas|\bextends|\breadonly)\s*any\b\s*(?=[[\],;)|&>={]|$)/;
    assert.deepEqual(
      complaints(typescript, (line) => any.exec(line)?.[0], withoutComments),
      [],
    );
  });

  test("no test is skipped for good, alone or still to be written", () => {
    const unwanted = new RegExp(
      `\\b(test|it|describe|suite)\\.(skip|only|todo)\\b|\\b(only|todo): true|skip: ${"true"}`,
    );
    assert.deepEqual(
      complaints(filesBelow("test", /\.ts$/), (line) => unwanted.exec(line)?.[0]),
      [],
    );
  });

  test("only src/sync puts a thread to sleep", () => {
    const sleeps = /\bfutexWait\b|\bAtomics\.wait/;
    const others = sources.filter((file) => !/^src\/(sync|native)\//.test(file));
    assert.deepEqual(
      complaints(others, (line) => sleeps.exec(line)?.[0], withoutComments),
      [],
    );
  });
});

/** The relative imports of one source file. */
function importsOf(file: string): Import[] {
  const code = withoutComments(read(file));
  const from = file.slice("src/".length);
  return [...code.matchAll(/(\bfrom|\bimport|\bimport\()\s*"(\.{1,2}\/[^"]+)\.js"/g)].map(([, keyword, path]) => ({
    from,
    to: posix.normalize(posix.join(posix.dirname(from), `${path}.ts`)),
    isDynamic: keyword === "import(",
  }));
}

/** What the code comments of src say to be published, or observed: `// publishes: record, space`. */
function orderings(verb: "publishes" | "observes"): string[] {
  const found = sources.flatMap((file) =>
    [...read(file).matchAll(new RegExp(`//.*?\\b${verb}: (.+)$`, "gm"))].flatMap(([, names]) => names.split(/,\s*/)),
  );
  return [...new Set(found)].sort();
}
