import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { projectRoot } from "../project-root.js";
import { elfNeeds } from "./elf.js";

const prebuilds = join(projectRoot, "dist/prebuilds");
const targets = readdirSync(prebuilds).filter((target) => target.startsWith("linux-"));

describe("the addon's binary", () => {
  test("smoke: there is one for Linux", () => {
    assert.ok(targets.length > 0, `no linux-* folder in ${prebuilds}`);
  });

  for (const target of targets) {
    const needs = () => elfNeeds(readFileSync(join(prebuilds, target, "interproc.node")));

    test(`${target} needs no symbol newer than glibc 2.28, which Node 20 itself runs on`, () => {
      const versions = [...needs().versions.values()].flat();
      if (target.endsWith("glibc")) assert.ok(versions.length > 0, "a glibc binary names versions");
      const tooNew = versions.filter((version) => isNewer(version, [2, 28]));
      assert.deepEqual(tooNew, []);
    });

    test(`${target} needs the C library and nothing of Node's or C++'s`, () => {
      const { libraries } = needs();
      assert.ok(libraries.length > 0);
      const others = libraries.filter(
        (name) => !/^(libc|libpthread|libdl|librt|ld-linux-[\w-]+)\.(so|musl)/.test(name),
      );
      assert.deepEqual(others, []);
    });
  }

  test("Node's own binary, read the same way, names versions and libraries", () => {
    const { libraries, versions } = elfNeeds(readFileSync(process.execPath));
    assert.ok(libraries.includes("libc.so.6") || libraries.some((name) => name.startsWith("libc.musl")));
    assert.ok([...versions.keys()].every((library) => libraries.includes(library)));
  });
});

/** Is `GLIBC_2.34` newer than 2.28? Versions of other libraries are not compared. */
function isNewer(version: string, [major, minor]: readonly [number, number]): boolean {
  const found = /^GLIBC_(\d+)\.(\d+)/.exec(version);
  if (found === null) return version.startsWith("GLIBC_");
  return Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) > minor);
}
