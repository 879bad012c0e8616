/*
 * Map history: what all parties of one shared map noted, held against what a map must do.
 *
 * Idea    Every write has a name, and a value says which write it is. A write takes effect at one moment between its begin
 *         and its end; one that was killed does so before its process had ended, or never. Whoever reads a value has seen
 *         that its write had taken effect by then. So a value that somebody reads must have been written for that key, by a
 *         call that had begun; and no other change may have begun after that write had taken effect, and ended
 *         before the read began. Where nothing is evicted, a key is absent only if something may have removed it since. Of
 *         each value that an update replaced there is one such update.
 *         What `add` gave was given once; a counter is as high as adds have ended, and those that were killed are in doubt.
 * Limits  Two reads of one party, and what lies between the ends of two calls that overlap, are not put in one order: that is
 *         what the explorer is for. Times are noted before and after calls; those of expiry are the map's own clock, and are
 *         held against the notes with some milliseconds to spare.
 * Source  Knossos's register, for writes with names of their own, where stale reads can be found by looking at intervals;
 *         jepsen.checker/counter.
 */
import type { FaultTally } from "./fault-tally.js";
import type { Entry } from "./history.js";
import type { Witness } from "./party.js";

const SPARE_MS = 5;

interface Change {
  readonly what: "set" | "remove";
  readonly begin: number;
  /** It has taken effect by then, if at all. */
  end: number;
  ttl: number;
  state: "under way" | "done" | "void";
}

interface Read {
  readonly begin: number;
  readonly end: number;
  /** Which write; undefined: there is none. */
  readonly id: string | undefined;
  readonly who: string;
}

interface Add {
  readonly begin: number;
  end: number;
  before: number | undefined;
}

/** Calls that wait for a note of their end, by party. */
interface Open {
  readonly changes: Map<number, Change>;
  add: Add | undefined;
  begin: number;
  walked: Set<number> | undefined;
}

export class MapHistory {
  /** Per key, sets by their names, and removals. */
  private readonly sets = new Map<number, Map<string, Change>>();
  private readonly removals = new Map<number, Change[]>();
  private readonly reads = new Map<number, Read[]>();
  private readonly replaced = new Map<string, string>();
  private readonly adds = new Map<number, Add[]>();
  private readonly counts: { counter: number; begin: number; end: number; value: number; who: string }[] = [];

  constructor(
    private readonly label: string,
    private readonly tally: FaultTally,
    private readonly keys: number,
    /** Nothing is evicted. */
    private readonly isLossless: boolean,
  ) {}

  read(parties: readonly Witness[]): void {
    for (const party of parties) this.readParty(party);
  }

  /** Something that was seen when all had ended. */
  sees(key: number, begin: number, end: number, writer?: number, number?: number): void {
    listOf(this.reads, key).push({
      begin,
      end,
      id: writer === undefined ? undefined : `${writer}/${number}`,
      who: "at the end",
    });
  }

  /** What a counter was when all had ended. */
  ends(counter: number, value: number): void {
    const adds = this.adds.get(counter) ?? [];
    const ended = adds.filter(({ before }) => before !== undefined).length;
    this.tally.count("adds", ended);
    this.tally.count("adds in doubt", adds.length - ended);
    if (value < ended) this.wrong("lost", `counter ${counter} is ${value}, and ${ended} had been added`);
    if (value > adds.length)
      this.wrong("duplicated", `counter ${counter} is ${value}, and ${adds.length} were added at most`);
  }

  judge(): void {
    for (const [key, reads] of this.reads) this.judgeKey(key, reads);
    for (const [counter, adds] of this.adds) this.judgeCounter(counter, adds);
  }

  private readParty(party: Witness): void {
    const who = `${party.job.role} ${party.job.number}`;
    const open: Open = { changes: new Map(), add: undefined, begin: 0, walked: undefined };
    const endedAt = party.endedAt ?? Number.POSITIVE_INFINITY;
    for (const entry of party.history) this.readEntry(entry, open, party.job.number, who, endedAt);
  }

  private readEntry({ at, what, about }: Entry, open: Open, writer: number, who: string, endedAt: number): void {
    const [first, second, third] = about;
    const change = (kind: Change["what"]): Change => {
      const made: Change = { what: kind, begin: at, end: endedAt, ttl: kind === "set" ? third : 0, state: "under way" };
      open.changes.set(second, made);
      return made;
    };
    switch (what) {
      case "set":
      case "update":
      case "insert": {
        open.begin = at;
        const made = change("set");
        const sets = this.sets.get(first) ?? new Map<string, Change>();
        this.sets.set(first, sets.set(`${writer}/${second}`, made));
        return;
      }
      case "delete":
        listOf(this.removals, first).push(change("remove"));
        return;
      case "clear": {
        const made = change("remove");
        for (let key = 0; key < this.keys; key++) listOf(this.removals, key).push(made);
        return;
      }
      case "done":
      case "void": {
        const made = open.changes.get(first);
        if (made) Object.assign(made, { state: what, end: at });
        open.changes.delete(first);
        return;
      }
      case "instead":
        return this.readReplaced(`${first}: ${second}/${third}`, who, at);
      case "look":
        open.begin = at;
        return;
      case "none":
        listOf(this.reads, first).push({ begin: open.begin, end: at, id: undefined, who });
        return;
      case "got":
        listOf(this.reads, first).push({ begin: open.begin, end: at, id: `${second}/${third}`, who });
        if (open.walked?.has(first)) this.wrong("duplicated", `key ${first} came twice to ${who} at ${at}`);
        open.walked?.add(first);
        return;
      case "walk":
        open.begin = at;
        open.walked = new Set();
        return;
      case "walked":
        for (let key = 0; key < this.keys; key++)
          if (!open.walked?.has(key)) listOf(this.reads, key).push({ begin: open.begin, end: at, id: undefined, who });
        open.walked = undefined;
        return;
      case "add":
        open.add = { begin: at, end: endedAt, before: undefined };
        listOf(this.adds, first).push(open.add);
        return;
      case "added":
        if (open.add) Object.assign(open.add, { before: second, end: at });
        return;
      case "value":
        open.begin = at;
        return;
      case "counted":
        this.counts.push({ counter: first, begin: open.begin, end: at, value: second, who });
        return;
      case "broken":
        return this.wrong("corrupt", `${who} at ${at}, key ${first}`);
      case "over":
        return this.wrong("wrong count", `${who} at ${at}: ${first} entries take ${second} bytes`);
      default:
        return;
    }
  }

  private readReplaced(id: string, who: string, at: number): void {
    const by = `${who} at ${at}`;
    const before = this.replaced.get(id);
    if (before !== undefined) this.wrong("duplicated", `of key ${id} was replaced by ${before}, and by ${by}`);
    this.replaced.set(id, by);
  }

  private judgeKey(key: number, reads: readonly Read[]): void {
    const sets = this.sets.get(key) ?? new Map<string, Change>();
    this.tally.count("reads", reads.length);
    for (const { id, end } of reads) {
      const seen = id === undefined ? undefined : sets.get(id);
      if (!seen || seen.state === "void") continue;
      if (seen.state === "under way") this.tally.count("shown by a call that was killed");
      seen.state = "done";
      seen.end = Math.min(seen.end, end);
    }
    const removals = this.removals.get(key) ?? [];
    const overwrites = new Steps([...sets.values(), ...removals].filter(({ state }) => state === "done"));
    const ended = new Steps([...sets.values()].filter(({ state }) => state === "done"));
    const mayRemove = removersOf([...sets.values()], removals);
    for (const { id, begin, end, who } of reads) {
      const where = `${who} between ${begin} and ${end}`;
      if (id === undefined) {
        if (this.isLossless && ended.firstEndAfter(mayRemove(end)) < begin)
          this.wrong("lost", `key ${key} was absent for ${where}, and is there`);
        continue;
      }
      const seen = sets.get(id);
      if (!seen) this.wrong("unexpected", `key ${key} was ${id} for ${where}, and nobody wrote it`);
      else if (seen.state === "void")
        this.wrong("unexpected", `key ${key} was ${id} for ${where}, and was not written`);
      else if (seen.begin > end) this.wrong("unexpected", `key ${key} was ${id} for ${where}, before it was written`);
      else if (overwrites.firstEndAfter(seen.end) < begin)
        this.wrong("out of order", `key ${key} was ${id} for ${where}, and was something else since`);
      else if (seen.ttl > 0 && begin > seen.end + seen.ttl + SPARE_MS)
        this.wrong("out of order", `key ${key} was ${id} for ${where}, and its ${seen.ttl} ms were over`);
    }
    this.tally.count("writes", sets.size);
  }

  private judgeCounter(counter: number, adds: readonly Add[]): void {
    const begins = adds.map(({ begin }) => begin).sort((a, b) => a - b);
    const ends = adds
      .filter(({ before }) => before !== undefined)
      .map(({ end }) => end)
      .sort((a, b) => a - b);
    const judge = (value: number, begin: number, end: number, what: string): void => {
      const [least, most] = [countBelow(ends, begin), countBelow(begins, end)];
      if (value < least) this.wrong("lost", `counter ${counter} was ${value} for ${what}, and ${least} had been added`);
      if (value > most)
        this.wrong("duplicated", `counter ${counter} was ${value} for ${what}, and ${most} were added at most`);
    };
    const given = new Set<number>();
    for (const { before, begin, end } of adds) {
      if (before === undefined) continue;
      if (given.has(before)) this.wrong("duplicated", `counter ${counter} was ${before} for two who added`);
      given.add(before);
      judge(before, begin, end, `who added between ${begin} and ${end}`);
    }
    for (const { counter: of, begin, end, value, who } of this.counts)
      if (of === counter) judge(value, begin, end, `${who} between ${begin} and ${end}`);
  }

  private wrong(what: Parameters<FaultTally["wrong"]>[0], sentence: string): void {
    this.tally.wrong(what, `${this.label}: ${sentence}`);
  }
}

/** Changes by when they began, and the first end of those behind. */
class Steps {
  private readonly begins: number[];
  private readonly firstEnds: number[];

  constructor(changes: readonly Change[]) {
    const sorted = [...changes].sort((a, b) => a.begin - b.begin);
    this.begins = sorted.map(({ begin }) => begin);
    this.firstEnds = sorted.map(({ end }) => end);
    for (let n = sorted.length - 2; n >= 0; n--) this.firstEnds[n] = Math.min(this.firstEnds[n], this.firstEnds[n + 1]);
  }

  /** When the first of those had ended that began after this moment; Infinity when none did. */
  firstEndAfter(moment: number): number {
    return this.firstEnds[countUpTo(this.begins, moment)] ?? Number.POSITIVE_INFINITY;
  }
}

/** Up to when something may have removed a key, for who looked until a moment. */
function removersOf(sets: readonly Change[], removals: readonly Change[]): (moment: number) => number {
  const possible = [
    ...removals.filter(({ state }) => state !== "void").map(({ begin, end }) => ({ from: begin, end })),
    ...sets
      .filter(({ ttl, state }) => ttl > 0 && state !== "void")
      .map(({ begin, end, ttl }) => ({ from: begin + ttl - SPARE_MS, end })),
  ].sort((a, b) => a.from - b.from);
  const froms = possible.map(({ from }) => from);
  const lastEnds = possible.map(({ end }) => end);
  for (let n = 1; n < lastEnds.length; n++) lastEnds[n] = Math.max(lastEnds[n], lastEnds[n - 1]);
  return (moment) => lastEnds[countUpTo(froms, moment) - 1] ?? Number.NEGATIVE_INFINITY;
}

/** How many of sorted numbers are less than a number, or equal. */
function countUpTo(sorted: readonly number[], number: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}

const countBelow = (sorted: readonly number[], number: number): number => countUpTo(sorted, number - 1e-9);

function listOf<V>(lists: Map<number, V[]>, key: number): V[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** What a party was doing when it ended, by its last note. */
export function doingOf(history: readonly Entry[]): string {
  const last = history.at(-1)?.what ?? "before";
  return doings[last] ?? "between two calls";
}

const doings: Readonly<Record<string, string>> = {
  before: "starting",
  set: "setting",
  update: "updating",
  insert: "inserting",
  delete: "deleting",
  clear: "clearing",
  add: "adding",
  look: "reading",
  walk: "reading all",
  value: "reading a counter",
};
