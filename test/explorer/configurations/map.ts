import { BLOCK, FREE, LAST } from "#src/rings/item-store.layout.js";
import { MAP_ROW, mapEntry, mapHead, mapTableBytes } from "#src/rings/map-store.layout.js";
import { guardHead } from "#src/sync/guard.layout.js";
import type { Configuration, View } from "../configuration.js";
import { Bytes } from "../doors/bytes.js";
import { BODY, PAYLOAD } from "../ground.js";
import { namesOf } from "../names-of.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const BLOCKS = 3;
const HEAD = BODY + guardHead.bytes / 4;
const ROWS = HEAD + mapHead.bytes / 4;
const LINKS = ROWS + BLOCKS * MAP_ROW;
/** Both keys are in this bucket. */
const BUCKET = LINKS + BLOCKS;
const { word } = mapEntry;
const rowWord = (row: number, name: keyof typeof word): number => ROWS + row * MAP_ROW + word[name];
const payload = (row: number, part: number): number => PAYLOAD + (row * BLOCK) / 4 + part;

/** Two keys of four bytes in one bucket; `changed` is set and removed, `kept` is there all the time. */
const KEYS = { changed: 0x0101_0101, kept: 0x0202_0202 } as const;
type KeyName = keyof typeof KEYS;
const KEPT_VALUE = 99;
const valueWord = (value: number): number => value * 0x0100_0001 + 0x0007_0700;
const bytesOf = (whole: number): Uint8Array => new Uint8Array(Int32Array.of(whole).buffer);

function keyOf(name: KeyName) {
  return { bytes: bytesOf(KEYS[name]), kind: 0, hash: name === "changed" ? 8 : 16, word: 4 };
}

const entryAt = (row: number, name: KeyName, value: number, next: number): Record<number, number> => ({
  [rowWord(row, "sequence")]: 2,
  [rowWord(row, "hash")]: keyOf(name).hash,
  [rowWord(row, "next")]: next,
  [rowWord(row, "key")]: 4,
  [rowWord(row, "length")]: 8,
  [LINKS + row]: LAST,
  [payload(row, 0)]: KEYS[name],
  [payload(row, 1)]: valueWord(value),
});

/** The changed key is before the kept one, or behind it; one block is free. */
const beginning = (changed: number, kept: number, first: number): Record<number, number> => ({
  [HEAD + mapHead.word.entries]: 2,
  [HEAD + mapHead.word.free]: BLOCKS - 2,
  [HEAD + mapHead.word.cursor]: 2,
  [HEAD + mapHead.word.version]: -1,
  [BUCKET]: first + 1,
  ...entryAt(changed, "changed", 1, first === changed ? kept + 1 : 0),
  ...entryAt(kept, "kept", KEPT_VALUE, first === kept ? changed + 1 : 0),
});
const changedFirst = beginning(0, 1, 0);
const keptFirst = beginning(0, 1, 1);

function make(party: Party, { Holding, Guard, MapRows, MapStore, MapReader }: Production) {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party), party.index);
    const bytes = new Bytes(new Uint8Array(BLOCKS * BLOCK)) as never;
    const place = { words: holding.words, head: HEAD, rows: ROWS, blocks: BLOCKS, bytes };
    const rows = new MapRows(place);
    const store = new MapStore(rows, place);
    const reader = new MapReader(rows, place);
    reader.copy = new Uint8Array(16);
    const repair = (): void => store.repair();
    return { store, reader, guard: new Guard(holding, BODY, repair, () => undefined, 1) };
  });
  party.knows(made);
  return made;
}

type Step = "set" | "remove" | "evict";

/** Changes the changed key, once for each step; the values are numbered over all parties. */
function change(party: Party, production: Production, steps: readonly Step[], first: number): void {
  const { store, guard } = make(party, production);
  const key = keyOf("changed") as never;
  for (const [n, step] of steps.entries()) {
    party.begins(`${step} ${n}`);
    const value = first + n;
    party.note("changes", step === "set" ? value : 0);
    guard.with(() => {
      const found = store.find(key);
      if (step === "set") store.put({ key, value: bytesOf(valueWord(value)), length: 4, format: 0, expires: 0 }, found);
      else if (step === "remove" && found) store.remove(found);
      else if (step === "evict") store.makeRoom(BLOCK * 2, Number.POSITIVE_INFINITY);
      party.note("changed", step === "set" ? value : 0);
    });
    party.note("is done");
  }
}

/** Looks so often; others may disturb it each time. */
function look(party: Party, production: Production, name: KeyName, looks: number): void {
  const { reader } = make(party, production);
  for (let n = 0; n < looks; n++) {
    party.begins(`looks ${n}`);
    party.note("looks");
    const entry = reader.look(keyOf(name) as never);
    if (entry === -1) party.note(`finds no ${name} key`);
    if (entry < 0) continue;
    const [value] = new Int32Array(reader.copy.slice(4, 8).buffer);
    const number = value & 0xff;
    party.note(value === valueWord(number) ? `finds the ${name} key` : "finds it torn", number);
  }
}

/** Facts: the last value that was set (0: removed), whether a change is under way and its value, when a look began. */
const LAST_VALUE = 0;
const UNDER_WAY = 1;
const NEXT_VALUE = 2;
const FLOOR = 3;
const CHANGED_SINCE = 4;

const promises = {
  noted(view: View, _party: number, what: string, value: number): string | undefined {
    switch (what) {
      case "changes":
        view.setFact(UNDER_WAY, view.fact(UNDER_WAY) + 1);
        view.setFact(NEXT_VALUE, value);
        return undefined;
      case "changed":
        view.setFact(LAST_VALUE, value);
        view.setFact(CHANGED_SINCE, 1);
        return undefined;
      case "is done":
        view.setFact(UNDER_WAY, view.fact(UNDER_WAY) - 1);
        return undefined;
      case "looks":
        view.setFact(FLOOR, view.fact(LAST_VALUE));
        view.setFact(CHANGED_SINCE, view.fact(UNDER_WAY) > 0 ? 1 : 0);
        return undefined;
      case "finds it torn":
        return "a value is half of one and half of another";
      case "finds no kept key":
        return "a key that is there all the time is not found";
      case "finds the kept key":
        return value === KEPT_VALUE ? undefined : `the kept key has value ${value}`;
      case "finds no changed key":
        if (view.fact(FLOOR) === 0 || view.fact(CHANGED_SINCE) !== 0 || view.fact(UNDER_WAY) > 0) return undefined;
        return "a key that is there is not found";
      case "finds the changed key":
        if (value === view.fact(FLOOR) || view.fact(CHANGED_SINCE) !== 0 || view.fact(UNDER_WAY) > 0)
          return value < view.fact(FLOOR) ? `value ${value} is given, and ${view.fact(FLOOR)} had been set` : undefined;
        return `value ${value} is given, and ${view.fact(FLOOR)} is there`;
      default:
        return undefined;
    }
  },
  /** What belongs to nobody is free, and nothing else; the kept key is still there. */
  ended(view: View): string | undefined {
    const isInOrder = view.word(BODY + guardHead.word.owner) === 0;
    const reached: number[] = [];
    for (
      let next = view.word(BUCKET);
      next !== 0 && reached.length <= BLOCKS;
      next = view.word(rowWord(next - 1, "next"))
    )
      reached.push(next - 1);
    if (reached.length > BLOCKS) return "the bucket's chain has no end";
    for (const row of reached)
      if ((view.word(rowWord(row, "sequence")) & 1) !== 0) return `entry ${row} can be reached, and is not to be read`;
    if (!isInOrder) return undefined;
    for (let block = 0; block < BLOCKS; block++) {
      const isFree = view.word(LINKS + block) === FREE;
      if (isFree === reached.includes(block))
        return `block ${block} is ${isFree ? "free and" : "not free, and not"} an entry's`;
      const sequence = view.word(rowWord(block, "sequence"));
      if (!reached.includes(block) && sequence !== 0 && (sequence & 1) === 0)
        return `block ${block} is free and can be read`;
    }
    if (view.word(HEAD + mapHead.word.free) !== BLOCKS - reached.length) return "the free blocks are miscounted";
    return view.word(HEAD + mapHead.word.entries) === reached.length ? undefined : "the entries are miscounted";
  },
};

const names = {
  [BODY + guardHead.word.owner]: "guard's owner",
  [BODY + guardHead.word.wanted]: "guard's wanted",
  [BUCKET]: "bucket",
  ...namesOf.words(HEAD, mapHead.word),
  ...namesOf.rows(ROWS, mapEntry, BLOCKS),
  ...Object.fromEntries(
    [0, 1, 2].flatMap((row) => [
      [payload(row, 0), `key ${row}`],
      [payload(row, 1), `value ${row}`],
    ]),
  ),
};

/** The first parties change, the last one looks. */
const map = (
  title: string,
  changes: readonly (readonly Step[])[],
  key: KeyName,
  more: Partial<Configuration> = {},
): Configuration => ({
  title: `map, ${title}`,
  parties: [...changes.map((_, n) => `writer ${n}`), "reader"],
  script: (party, production) =>
    party.index < changes.length
      ? change(party, production, changes[party.index], 2 + party.index * 20)
      : look(party, production, key, LOOKS),
  mostWords: HEAD + (mapHead.bytes + mapTableBytes(BLOCKS)) / 4 + 16,
  initial: changedFirst,
  names,
  ...promises,
  ...more,
});
const LOOKS = 2;

/** With two writers the order of values is theirs: only what is torn, lost or miscounted counts. */
const unordered: Partial<Configuration> = {
  noted: (view, party, what, value) =>
    what.includes("changed") || what === "changes" || what === "looks"
      ? undefined
      : promises.noted(view, party, what, value),
};

const turns: readonly Step[] = ["set", "remove", "set"];

export const maps: readonly Configuration[] = [
  map("a value is replaced", [["set", "set"]], "changed"),
  map("a value is replaced, x86", [["set", "set"]], "changed", { memory: "tso" }),
  map("a value is replaced, weak memory", [["set", "set"]], "changed", { memory: "pso" }),
  map("a value behind another is replaced", [["set", "set"]], "changed", { initial: keptFirst }),
  map("a key comes and goes", [turns], "changed"),
  map("a key comes and goes, weak memory", [turns], "changed", { memory: "pso" }),
  map("a key behind another comes and goes", [turns], "changed", { initial: keptFirst }),
  map("another key before it comes and goes", [turns], "kept"),
  map("another key before it comes and goes, weak memory", [turns], "kept", { memory: "pso" }),
  map("another key behind it comes and goes", [turns], "kept", { initial: keptFirst }),
  map("another key behind it is replaced", [["set", "set"]], "kept"),
  map("two writers", [["set"], ["set"]], "kept", unordered),
  map("two writers, one killed", [["set"], ["remove", "set"]], "kept", { ...unordered, kills: 1, victims: [0, 1] }),
  map("two writers, one killed, weak memory", [["set"], ["set"]], "kept", {
    ...unordered,
    kills: 1,
    victims: [0, 1],
    memory: "pso",
  }),
  map("a writer is killed, and nobody repairs", [["set", "set"]], "changed", { kills: 1, victims: [0] }),
  map("a writer is killed, and another repairs", [["set"], ["set", "set"]], "changed", {
    ...unordered,
    kills: 1,
    victims: [0],
  }),
  map("both are killed", [["set"], ["remove"]], "kept", { ...unordered, kills: 2, victims: [0, 1] }),
  map("what is used least makes room", [["evict", "set"]], "changed", { noted: undefined }),
];
