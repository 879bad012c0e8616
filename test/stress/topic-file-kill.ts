import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AsyncTopic, openTopic, TimeoutError } from "interproc";
import { SeededRandom } from "../rings/seeded-random.js";
import type { FileKillOutcome } from "./file-kill.js";
import { linesOf } from "./lines-of.js";

const program = fileURLToPath(new URL("../programs/topic-party.js", import.meta.url));
/** Who has which numbers: see the program. */
const groups = { workers: () => true, thirds: (n: number) => n % 3 === 0 };
type GroupName = keyof typeof groups;
const names = Object.keys(groups) as GroupName[];
/** Nothing comes any more when nothing has come for so long; dead members' messages come within a quarter of a second. */
const QUIET_MS = 1000;

/**
 * Kills processes that publish to, take from and hear one durable topic, at random; then looks what became of each message.
 * A listener that nobody kills hears from beginning to end.
 */
export async function killFileTopics({
  faults,
  seed,
  onFault,
}: {
  readonly faults: number;
  readonly seed: number;
  onFault?(done: number): void;
}): Promise<FileKillOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "interproc-topic-file-kill-"));
  const url = `file:${join(folder, "events.topic")}`;
  const random = new SeededRandom(seed);
  const complaints: string[] = [];
  const demand = (holds: boolean, complaint: string): void => {
    if (!holds) complaints.push(complaint);
  };
  const lives: string[][] = [];
  await using topic = await openTopic<number>(url);
  for (const name of names)
    await (await topic.subscribe(name === "thirds" ? "#.third" : "#", { group: name, durable: true })).close();
  await using ears = await topic.subscribe();
  const heard: number[] = [];
  const hearing = (async () => {
    for await (const value of ears)
      if (value < 0) return;
      else heard.push(value);
  })();
  let first = 0;
  let kills = 0;
  /** One after the other is begun, and killed when it has said so much. */
  const killThem = async (): Promise<void> => {
    while (kills < faults) {
      kills++;
      onFault?.(kills);
      first += 1_000_000;
      let left = 3 + random.below(30);
      const child = spawn(process.execPath, [program, url, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
      lives.push(
        await linesOf(child, (count) => {
          left -= count;
          if (left <= 0) child.kill("SIGKILL");
        }),
      );
    }
  };
  await Promise.all([killThem(), killThem(), killThem()]);
  await topic.publish(-1, { key: "end" });
  await hearing;
  const said = lives.flat();
  const of = (verb: string): number[] =>
    said.flatMap((line) => (line.startsWith(`${verb} `) ? Number(line.slice(verb.length).trim().split(" ")[0]) : []));
  const [begun, published] = [new Set(of("begun")), of("published")];
  let twice = 0;
  for (const name of names) {
    const got = new Map<number, number>();
    for (const line of said.filter((one) => one.startsWith(`got ${name} `))) {
      const [, , number, again] = line.split(" ");
      const count = (got.get(Number(number)) ?? 0) + 1;
      got.set(Number(number), count);
      demand(count === 1 || again === "again", `${name}: ${number} came a second time without a mark`);
      if (count === 2) twice++;
    }
    const acked = new Set(of(`acked ${name}`));
    const left = await remaining(topic, name);
    for (const number of left.keys()) {
      demand(!acked.has(number), `${name}: ${number} was acknowledged and is there again`);
      demand(!got.has(number) || left.get(number) === true, `${name}: ${number} was handed out and has no mark`);
    }
    for (const number of published)
      if (groups[name](number))
        demand(left.has(number) || got.has(number), `${name}: ${number} was confirmed and is lost`);
    for (const number of [...left.keys(), ...got.keys()])
      demand(begun.has(number) && groups[name](number), `${name}: ${number} was never published to it`);
  }
  // the listener that lived heard all that was confirmed, once; each one that was killed heard a piece of the same, without a gap
  const places = new Map(heard.map((number, place) => [number, place]));
  demand(places.size === heard.length, "the listener heard something twice");
  demand(ears.missed === 0, `the listener missed ${ears.missed}`);
  for (const number of published) demand(places.has(number), `${number} was confirmed and was not heard`);
  for (const number of heard) demand(begun.has(number), `${number} was heard and never published`);
  for (const life of lives) {
    const mine = life.flatMap((line) => (line.startsWith("heard ") ? Number(line.split(" ")[1]) : []));
    const start = places.get(mine[0]) ?? 0;
    demand(
      mine.every((number, index) => heard[start + index] === number),
      `a listener heard ${mine.join(" ")}; the other one ${heard.slice(start, start + mine.length).join(" ")}`,
    );
  }
  demand(published.length > faults / 2, `only ${published.length} were confirmed before ${faults} kills`);
  rmSync(folder, { recursive: true, force: true });
  const summary = `topic-file-kill: ${faults} kills, seed ${seed}: ${published.length} confirmed, ${heard.length} heard, ${twice} came twice (marked), ${complaints.length} complaints`;
  return { isClean: complaints.length === 0, complaints, toString: () => summary };
}

/** What a group has not acknowledged, and whether it is marked. */
async function remaining(topic: AsyncTopic<number>, name: GroupName): Promise<Map<number, boolean>> {
  const found = new Map<number, boolean>();
  await using member = await topic.subscribe(name === "thirds" ? "#.third" : "#", { group: name, durable: true });
  try {
    for await (const message of member.messages({ timeout: QUIET_MS })) {
      if (message.value >= 0) found.set(message.value, message.redelivered);
      await message.ack();
    }
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
  return found;
}
