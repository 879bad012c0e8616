import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { pickleCodec } from "#src/codec/pickle/pickle-codec.js";
import { projectRoot } from "../../project-root.js";
import { type Python, pythons } from "./pythons.js";

const GRAPHS = process.env.INTERPROC_TEST === "fast" ? 2_000 : 20_000;
const GRAPHS_OF_OTHERS = GRAPHS / 20;

/** Answers every graph that graphs.py sends with the same, read and written here; gives its verdict. */
async function verdict(python: Python, seed: number, count: number): Promise<string> {
  const codec = pickleCodec();
  const child = spawn(python.path, [`${projectRoot}/test/codec/pickle/graphs.py`, String(seed), String(count)], {
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 150_000,
  });
  let chunks: Buffer[] = [];
  const source = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const take = async (count: number): Promise<Buffer> => {
    while (chunks.reduce((sum, chunk) => sum + chunk.length, 0) < count) {
      const { value, done } = await source.next();
      if (done) throw new Error(`Python ended early, seed ${seed}`);
      chunks.push(value);
    }
    const all = Buffer.concat(chunks);
    chunks = [all.subarray(count)];
    return all.subarray(0, count);
  };
  for (;;) {
    const batch = (await take(4)).readUInt32LE();
    if (batch === 0) return (await take((await take(4)).readUInt32LE())).toString();
    const answers: Uint8Array[] = [];
    for (let i = 0; i < batch; i++) {
      const pickle = await take((await take(4)).readUInt32LE());
      let answer: Uint8Array;
      try {
        answer = codec.encode(codec.decode(pickle));
      } catch (error) {
        answer = Buffer.from(String((error as Error).stack));
      }
      const length = Buffer.alloc(4);
      length.writeUInt32LE(answer.length);
      answers.push(length, answer);
    }
    child.stdin.write(Buffer.concat(answers));
  }
}

describe("pickle: random graphs of Python's objects", () => {
  const found = pythons();
  const main = found.at(-1);

  test("smoke: there is a Python", () => {
    assert.ok(main !== undefined, "install python3");
  });

  for (const python of found) {
    const count = python === main ? GRAPHS : GRAPHS_OF_OTHERS;
    test(`${count.toLocaleString("en")} graphs of Python ${python.version.join(".")} come back equal, in every protocol`, async (t) => {
      const seed = Number(process.env.INTERPROC_SEED ?? Math.floor(Math.random() * 2 ** 31));
      t.diagnostic(`seed ${seed}`);
      assert.equal(await verdict(python, seed, count), "ok", `INTERPROC_SEED=${seed}`);
    });
  }
});
