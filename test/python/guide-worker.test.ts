import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SharedMemory, spawnProgram } from "interproc";
import { watchdog } from "../processes/running.js";
import { read } from "../source-tree.js";
import { pythons } from "../transports/pythons.js";

/** The program that the guide shows. */
const worker = /const worker = `\n([\s\S]*?)\n`;/.exec(read("docs/guide/python.md"))?.[1] as string;
/** Python 3.7 has no shared memory yet. */
const found = pythons("multiprocessing.shared_memory");

describe("the guide's worker, which turns frames in shared memory into their negatives", watchdog, () => {
  for (const { version, path } of found)
    test(`frames of 1920 x 1080 in three colours, by Python ${version}; the blocks outlive it`, async () => {
      const shape = [1080, 1920, 3];
      const size = shape.reduce((product, one) => product * one);
      const blocks = ["a", "b"].map((part) =>
        SharedMemory.create(`interproc-test-${process.pid}-${part}-${version}`, { size, python: true }),
      );
      try {
        await using python = spawnProgram(path, ["-c", worker], { connection: "python" });
        const { connection } = python;
        for (const [frame, block] of blocks.entries()) {
          for (let at = 0; at < size; at += 4096) block.bytes[at] = frame + 1;
          await connection.send({ frame, block: block.name, shape });
        }
        assert.deepEqual(await connection.recv(), { frame: 0, brightness: 254 });
        assert.deepEqual(await connection.recv(), { frame: 1, brightness: 253 });
        connection.close();
        assert.deepEqual(await python.join(), { code: 0, signal: null });
        for (const [frame, block] of blocks.entries()) {
          assert.deepEqual([block.bytes[0], block.bytes[1], block.bytes[4096]], [254 - frame, 255, 254 - frame]);
          using again = SharedMemory.open(block.name, { python: true });
          assert.equal(again.bytes[0], 254 - frame);
        }
      } finally {
        for (const block of blocks) {
          block.unlink();
          block.close();
        }
      }
    });
});
