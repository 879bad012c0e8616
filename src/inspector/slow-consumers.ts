/*
 * Slow consumers: who takes less than is put, told from a few looks.
 *
 * Idea    One look shows how much waits, not whether it is too much. Five signs are sure: messages were overwritten before
 *         a subscriber read them; a reader is behind by half of all there is room for; somebody waits for room; there is
 *         none; and what waits has grown from look to look, while less came out than went in.
 * States  an object's last looks, as long as the window; forgotten when the object is gone
 * Limits  A queue has no list of its readers: of a queue only the whole is told, and who has taken messages and not
 *         acknowledged them. Growth takes five looks to be told.
 */
import type { ObjectView, Snapshot } from "./snapshot-model.js";

const WINDOW_SECONDS = 10;
const FEWEST_LOOKS = 5;
const BEHIND = 0.5;
const FULL = 0.95;

/** An object of which not enough is taken, and by whom, where that is known. */
export interface SlowConsumer {
  readonly object: string;
  readonly thread?: string;
  readonly why: string;
}

interface Look {
  readonly at: number;
  readonly depth: number;
  readonly in: number;
  readonly out: number;
  readonly missed: ReadonlyMap<string, number>;
}

export class SlowConsumers {
  private readonly looks = new Map<string, Look[]>();

  /** Takes a look in; gives those that are slow now. */
  look({ objects, waits, bootSeconds }: Snapshot): SlowConsumer[] {
    const forRoom = new Map<string, number>();
    for (const { object, waitsFor } of waits)
      if (waitsFor === "room") forRoom.set(object, (forRoom.get(object) ?? 0) + 1);
    const there = new Set(objects.map(({ id }) => id));
    for (const id of this.looks.keys()) if (!there.has(id)) this.looks.delete(id);
    return objects.flatMap((object) => {
      if (!object.counts) return [];
      const looks = (this.looks.get(object.id) ?? []).filter(({ at }) => bootSeconds - at <= WINDOW_SECONDS);
      looks.push(lookAt(object, bootSeconds));
      this.looks.set(object.id, looks);
      return slowAt(object, looks, forRoom.get(object.id) ?? 0);
    });
  }
}

function lookAt({ depth = 0, counts, consumers = [] }: ObjectView, at: number): Look {
  const missed = new Map<string, number>();
  for (const one of consumers) missed.set(one.thread, (missed.get(one.thread) ?? 0) + one.missed);
  return { at, depth, in: counts?.in ?? 0, out: counts?.out ?? 0, missed };
}

function slowAt(object: ObjectView, looks: readonly Look[], forRoom: number): SlowConsumer[] {
  const { id, consumers = [], holders } = object;
  const found: SlowConsumer[] = [];
  const [first] = looks;
  const last = looks[looks.length - 1];
  for (const [thread, missed] of last.missed) {
    const before = first.missed.get(thread);
    const lost = before === undefined ? 0 : (missed - before) >>> 0;
    if (lost > 0)
      found.push({ object: id, thread, why: `missed ${counted(lost, "message")} in ${secondsOf(looks)} s` });
  }
  for (const { thread, behindBytes, capacity } of consumers) {
    if (found.some((one) => one.thread === thread) || behindBytes < capacity * BEHIND || capacity === 0) continue;
    found.push({
      object: id,
      thread,
      why: `is behind by ${Math.round((behindBytes / capacity) * 100)} % of what it has room for`,
    });
  }
  if (found.length > 0) return found;
  if (forRoom > 0)
    return [{ object: id, why: `${counted(forRoom, "thread")} ${forRoom === 1 ? "waits" : "wait"} for room` }];
  if (consumers.length === 0 && (object.used ?? 0) >= (object.capacity ?? Number.POSITIVE_INFINITY) * FULL)
    return [{ object: id, why: "it is full" }];
  if (!isGrowing(looks)) return [];
  const unacked = holders.filter(({ how }) => how === "unacked");
  const growth = Math.round((last.depth - first.depth) / (last.at - first.at));
  return [
    {
      object: id,
      ...(unacked.length === 1 && { thread: unacked[0].thread }),
      why: `grows by ${counted(Math.max(1, growth), "message")} a second`,
    },
  ];
}

function isGrowing(looks: readonly Look[]): boolean {
  if (looks.length < FEWEST_LOOKS) return false;
  return looks.every((look, index) => {
    const before = looks[index - 1];
    return !before || (look.depth > before.depth && (look.in - before.in) >>> 0 > (look.out - before.out) >>> 0);
  });
}

const secondsOf = (looks: readonly Look[]): number => Math.max(1, Math.round(looks[looks.length - 1].at - looks[0].at));

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
