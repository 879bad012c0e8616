import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openQueue } from "interproc";

const program = fileURLToPath(new URL("../../programs/file-producer.js", import.meta.url));
const KILLS = process.env.INTERPROC_TEST === "fast" ? 20 : 150;
const seed = Number(process.env.INTERPROC_SEED ?? Date.now() & 0x7fff_ffff);

/** Numbers that a seed repeats. */
function random(): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x8000_0000;
  };
}

/** One process that puts and takes, and what it said before it was killed. */
class Party {
  readonly lines: string[] = [];
  readonly gone: Promise<unknown>;
  private rest = "";

  constructor(child: ChildProcess, onLines: (count: number) => void) {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const parts = (this.rest + text).split("\n");
      this.rest = parts.pop() as string;
      this.lines.push(...parts);
      if (parts.length > 0) onLines(parts.length);
    });
    this.gone = once(child, "close");
  }
}

test(`kill -9 at random, ${KILLS} times (seed ${seed}): nothing that was confirmed is lost, nothing is invented`, async () => {
  const url = `file:${join(mkdtempSync(join(tmpdir(), "interproc-kill-")), "jobs.queue")}`;
  const draw = random();
  const said: string[] = [];
  let first = 0;
  let kills = 0;
  /** One after the other is begun, and killed when it has said so much. */
  const killThem = async (): Promise<void> => {
    while (kills < KILLS) {
      kills++;
      first += 1_000_000;
      let left = 1 + Math.floor(draw() * 40);
      const child = spawn(process.execPath, [program, url, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
      const party = new Party(child, (lines) => {
        left -= lines;
        if (left <= 0) child.kill("SIGKILL");
      });
      await party.gone;
      said.push(...party.lines);
    }
  };
  // several at once: those that are killed leave others behind that go on
  await Promise.all([killThem(), killThem(), killThem(), killThem()]);
  const of = (verb: string): number[] =>
    said.flatMap((line) => (line.startsWith(`${verb} `) ? Number(line.split(" ")[1]) : []));
  const begun = new Set(of("begun"));
  const acked = new Set(of("acked"));
  const got = new Map<number, number>();
  for (const line of said.filter((one) => one.startsWith("got "))) {
    const [, number, again] = line.split(" ");
    const count = (got.get(Number(number)) ?? 0) + 1;
    got.set(Number(number), count);
    assert.ok(count === 1 || again === "again", `${number} came a second time without a mark`);
  }
  await using queue = await openQueue<number>(url);
  const left = new Set<number>();
  for (let one = await queue.tryTake(); one !== undefined; one = await queue.tryTake()) {
    assert.ok(!left.has(one.value), `${one.value} is there twice`);
    assert.ok(!acked.has(one.value), `${one.value} was acknowledged and is there again`);
    assert.ok(!got.has(one.value) || one.redelivered, `${one.value} was handed out before and has no mark`);
    left.add(one.value);
    await one.ack();
  }
  const lost = of("put").filter((number) => !left.has(number) && !got.has(number));
  assert.deepEqual(lost, [], "confirmed and lost");
  const invented = [...left, ...got.keys()].filter((number) => !begun.has(number));
  assert.deepEqual(invented, [], "never put");
  assert.ok(of("put").length > KILLS / 2, "the parties got something done before they were killed");
});
