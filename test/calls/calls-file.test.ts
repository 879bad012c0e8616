import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { exposeAt, remoteAt } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { everyCalls } from "./calls-by-url.js";

const folder = mkdtempSync(join(tmpdir(), "interproc-calls-"));

everyCalls({ name: "file:", url: (name) => `file:${join(folder, name)}`, many: 40 });

test("file: the mailbox of a caller that was killed is removed by the next who opens, that of a living one is not", async () => {
  const path = join(folder, freshName());
  await using _served = await exposeAt(`file:${path}`, { one: () => 1 });
  await using idle = await remoteAt<{ one(): number }>(`file:${path}`);
  const old = new Date(Date.now() - 120_000);
  for (const name of readdirSync(folder).filter((one) => one.startsWith(`${basename(path)}.mail.`)))
    utimesSync(join(folder, name, "lock"), old, old);
  const dead = `${path}.mail.dead`;
  mkdirSync(dead);
  for (const file of ["lock", "log"]) writeFileSync(join(dead, file), "");
  utimesSync(join(dead, "lock"), old, old);
  await using far = await remoteAt<{ one(): number }>(`file:${path}`);
  assert.deepEqual([await far.one(), await idle.one()], [1, 1]);
  assert.ok(!readdirSync(folder).includes(basename(dead)));
});
