import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openQueue } from "interproc";
import { SeededRandom } from "../rings/seeded-random.js";
import { linesOf } from "./lines-of.js";

const program = fileURLToPath(new URL("../programs/file-producer.js", import.meta.url));
/** What came of a run. */
export interface FileKillOutcome {
  readonly isClean: boolean;
  readonly complaints: readonly string[];
  toString(): string;
}

/** Kills processes that put into and take from one durable queue, at random; then looks what became of each message. */
export async function killFileQueues({
  faults,
  seed,
  onFault,
}: {
  readonly faults: number;
  readonly seed: number;
  onFault?(done: number): void;
}): Promise<FileKillOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "interproc-file-kill-"));
  const url = `file:${join(folder, "jobs.queue")}`;
  const random = new SeededRandom(seed);
  const said: string[] = [];
  let first = 0;
  let kills = 0;
  /** One after the other is begun, and killed when it has said so much. */
  const killThem = async (): Promise<void> => {
    while (kills < faults) {
      kills++;
      onFault?.(kills);
      first += 1_000_000;
      let left = 1 + random.below(12);
      const child = spawn(process.execPath, [program, url, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
      const lines = await linesOf(child, (count) => {
        left -= count;
        if (left <= 0) child.kill("SIGKILL");
      });
      said.push(...lines);
    }
  };
  // several at once: those that are killed leave others behind that go on
  await Promise.all([killThem(), killThem(), killThem(), killThem()]);
  const of = (verb: string): number[] =>
    said.flatMap((line) => (line.startsWith(`${verb} `) ? Number(line.split(" ")[1]) : []));
  const complaints: string[] = [];
  const demand = (holds: boolean, complaint: string): void => {
    if (!holds) complaints.push(complaint);
  };
  const [begun, acked, put] = [new Set(of("begun")), new Set(of("acked")), of("put")];
  const got = new Map<number, number>();
  for (const line of said.filter((one) => one.startsWith("got "))) {
    const [, number, again] = line.split(" ");
    const count = (got.get(Number(number)) ?? 0) + 1;
    got.set(Number(number), count);
    demand(count === 1 || again === "again", `${number} came a second time without a mark`);
  }
  const left = new Set<number>();
  await using queue = await openQueue<number>(url);
  for (let one = await queue.tryTake(); one !== undefined; one = await queue.tryTake()) {
    demand(!left.has(one.value), `${one.value} is there twice`);
    demand(!acked.has(one.value), `${one.value} was acknowledged and is there again`);
    demand(!got.has(one.value) || one.redelivered, `${one.value} was handed out before and has no mark`);
    left.add(one.value);
    await one.ack();
  }
  for (const number of put) demand(left.has(number) || got.has(number), `${number} was confirmed and is lost`);
  for (const number of [...left, ...got.keys()]) demand(begun.has(number), `${number} was never put`);
  demand(put.length > faults / 2, `only ${put.length} puts were confirmed before ${faults} kills`);
  rmSync(folder, { recursive: true, force: true });
  const twice = [...got.values()].filter((count) => count > 1).length;
  const summary = `file-kill: ${faults} kills, seed ${seed}: ${put.length} confirmed, ${acked.size} acknowledged, ${twice} came twice (marked), ${complaints.length} complaints`;
  return { isClean: complaints.length === 0, complaints, toString: () => summary };
}
