import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { projectRoot } from "./project-root.js";
import { filesBelow, read } from "./source-tree.js";

const cases = Array.from({ length: 85 }, (_, index) => index + 1);
const rows = [...read("docs/acceptance.md").matchAll(/^\| (\d+) \| (.+?) \| (.+) \|$/gm)].map(
  ([, number, behaviour, proof]) => ({
    number: Number(number),
    behaviour,
    proofs: [...proof.matchAll(/`(test\/[\w/-]+(?:\.test)?\.ts)` "(.+?)"(?=<br>|$)/g)].map(([, file, title]) => ({
      file,
      title,
    })),
  }),
);

/** The lines of a test file that name the case and have all parts of the title, in their order. */
function linesWith(file: string, number: number, title: string): string[] {
  const parts = title.split("…").map((part) => part.replaceAll("\\|", "|").replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(parts.map((part) => part.replaceAll("'", "[\"']")).join(".*"));
  return read(file)
    .split("\n")
    .filter((line) => line.includes(`[case ${number}]`) && pattern.test(line));
}

describe("docs/acceptance.md", () => {
  test("smoke: has a row for each case, in order, and a test for each row", () => {
    assert.deepEqual(
      rows.map(({ number }) => number),
      cases,
    );
    for (const { number, proofs } of rows) assert.ok(proofs.length > 0, `case ${number} names no test`);
  });

  test("names files that are there, and titles that are in them with the case's number", () => {
    const wrong = rows.flatMap(({ number, proofs }) =>
      proofs
        .filter(
          ({ file, title }) => !existsSync(join(projectRoot, file)) || linesWith(file, number, title).length === 0,
        )
        .map(({ file, title }) => `case ${number}: ${file} has no test "${title}"`),
    );
    assert.deepEqual(wrong, []);
  });

  test("names every test that says which of these cases it proves", () => {
    const missing = filesBelow("test", /\.ts$/).flatMap((file) =>
      read(file)
        .split("\n")
        .flatMap((line) =>
          [...line.matchAll(/\[case (\d+)\]/g)].map(([, number]) => ({ line, number: Number(number) })),
        )
        .filter(({ number }) => cases.includes(number))
        .filter(({ line, number }) => {
          const proofs = rows.find((row) => row.number === number)?.proofs ?? [];
          return !proofs.some((proof) => proof.file === file && linesWith(file, number, proof.title).includes(line));
        })
        .map(({ line }) => `${file}: ${line.trim()}`),
    );
    assert.deepEqual(missing, []);
  });
});
