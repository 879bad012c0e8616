import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as own from "interproc";
import { projectRoot } from "../project-root.js";

describe("two copies of the package in one process", { timeout: 60_000 }, () => {
  let folder: string;
  let other: typeof own;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "interproc-copy-"));
    cpSync(join(projectRoot, "dist"), join(folder, "dist"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    other = (await import(pathToFileURL(join(folder, "dist/index.js")).href)) as typeof own;
    assert.notEqual(other.pipe, own.pipe);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("smoke: an end made by one goes through a pipe of the other", async () => {
    const [left, right] = own.pipe<unknown>();
    const [near, far] = other.pipe<string>();
    await left.send({ here: [far] });
    const { here } = (await right.recv()) as { here: own.Connection<string>[] };
    await near.send("across");
    assert.equal(await here[0].recv(), "across");
    await assert.rejects(far.recv(), own.ClosedError);
    for (const end of [left, right, near, here[0]]) end.close();
  });

  test("a value made by one is the same value for the other", async () => {
    const [left, right] = other.pipe<own.SharedValue<"i32">>();
    const mine = new own.SharedValue("i32", 1);
    await left.send(mine);
    const theirs = await right.recv();
    theirs.add(41);
    assert.equal(mine.value, 42);
    for (const object of [left, right, mine, theirs]) object.close();
  });

  test("errors of one are instances of the other's classes", () => {
    const [left, right] = other.pipe();
    left.close();
    assert.throws(() => right.recvSync(), own.EOFError);
    right.close();
  });
});
