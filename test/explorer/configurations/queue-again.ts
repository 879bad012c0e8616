import { BLOCK, LAST, STATES } from "#src/rings/item-store.layout.js";
import { ASLEEP_IN_CALL } from "#src/sync/parker.layout.js";
import type { Configuration, View } from "../configuration.js";
import { changingEntry, entryWord, LONG_DEAD, ownerOf, parkerWord } from "../ground.js";
import { joinEntry } from "../join-entry.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";
import { QueueMemory } from "./queue-memory.js";
import { itemFacts, queuePromises } from "./queue-promises.js";

type Core = ReturnType<Production["QueueCore"]["of"]>;

const segmentFor = (party: Party, blocks: number, entry = entryWord) =>
  segmentOf(party, blocks * BLOCK, QueueMemory.mostAttached, entry);

function make(party: Party, { Holding, QueueCore, parker }: Production, blocks: number, entry = entryWord): Core {
  const core = party.setUp(() => QueueCore.of(new Holding(segmentFor(party, blocks, entry), party.index)));
  party.knows(core, parker());
  return core;
}

/** Bytes of item n: short ones, written inside of the guard, or long ones, for the explorer has those begin at 5 bytes. */
const itemBytes = (n: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at % 3 === 0 ? n + 1 : 7));

/** Puts item n, waiting for room where there is none. */
function put(party: Party, { QueueWait, parker }: Production, core: Core, n: number, length = 4): void {
  const bytes = itemBytes(n, length);
  let outcome = "";
  const attempt = (): boolean => {
    outcome = core.put(bytes, length, 0, 0, false);
    return outcome === "done" || outcome === "shut";
  };
  if (!attempt())
    parker().waitSync(
      [new QueueWait(core, core.writers, () => core.mayHaveRoom(1) && attempt(), true, { blocks: 1 })],
      Number.POSITIVE_INFINITY,
    );
  if (outcome === "done") party.note("put", n);
}

function shutDown(party: Party, core: Core): void {
  core.shutDown(false, () => undefined);
  party.note("shut down");
}

/** Takes the next item: its row and its number; undefined when nothing more will come. */
function take(party: Party, { QueueWait, parker }: Production, core: Core): { item: number; n: number } | undefined {
  let item = -1;
  const takeNow = (): true | undefined => {
    item = core.take(false);
    return item < 0 ? undefined : true;
  };
  const attempt = (): boolean => core.mayBeReady && core.attemptOr(true, takeNow, () => 0) === true;
  if (!attempt()) parker().waitSync([new QueueWait(core, core.readers, attempt, true)], Number.POSITIVE_INFINITY);
  if (item < 0) {
    party.note("saw the end");
    return undefined;
  }
  const bytes = new Uint8Array(core.store.lengthOf(item));
  core.store.read(item, bytes, 0);
  const n = bytes[0] - 1;
  if (bytes.join() !== itemBytes(n, bytes.length).join()) party.note("corrupt");
  party.note(core.store.deliveriesOf(item) > 1 ? "has again" : "has", n);
  return { item, n };
}

/** Takes and acknowledges all until nothing more will come. */
function takeAll(party: Party, production: Production, core: Core): void {
  for (;;) {
    party.begins("takes");
    const taken = take(party, production, core);
    if (!taken) return;
    core.finish(taken.item);
    party.note("acknowledged", taken.n);
  }
}

/** Takes one and gives it back. `alone`: nobody else takes, so it knows what comes next. */
function takeAndGiveBack(party: Party, production: Production, core: Core, alone: boolean): void {
  party.begins("takes one");
  const taken = take(party, production, core);
  if (!taken) return;
  party.note("gives back", taken.n);
  core.giveBack(taken.item);
  if (alone) party.note("is in front", taken.n);
}

/** The first party puts two items, the second one gives the first one back and takes them then. */
function givenBackToItself(party: Party, production: Production): void {
  const core = make(party, production, 2);
  if (party.index > 0) {
    takeAndGiveBack(party, production, core, true);
    return takeAll(party, production, core);
  }
  for (let n = 0; n < 2; n++) {
    party.begins(`puts ${n}`);
    put(party, production, core, n);
  }
  party.begins("shuts down");
  shutDown(party, core);
}

/** One item is there, and no more will come: the first party gives it back, the second one takes what there is. */
function givenBackToAnother(party: Party, production: Production): void {
  const core = make(party, production, 1);
  if (party.index === 0) takeAndGiveBack(party, production, core, false);
  else takeAll(party, production, core);
}

/** Nothing more is put: the first party finds that out in the guard, while the second one has its last look before it sleeps. */
function refused(party: Party, production: Production): void {
  const core = make(party, production, 1);
  party.begins("");
  if (party.index === 0) return put(party, production, core, 1);
  const { words } = core.holding;
  core.readers.arm(party);
  const takeNow = (): true | undefined => (core.take(false) < 0 ? undefined : true);
  for (;;) {
    words.exchange(parkerWord(1), ASLEEP_IN_CALL);
    if (core.attemptOr(true, takeNow, () => 0)) return;
    party.step("sleep", parkerWord(1), Number.POSITIVE_INFINITY, ASLEEP_IN_CALL);
  }
}

/** The first party puts a long item; the third one a short one that needs the same block. `last` shuts down. */
const putLong =
  (last: number) =>
  (party: Party, production: Production): void => {
    const core = make(party, production, 1);
    if (party.index === 1) return takeAll(party, production, core);
    party.begins("puts");
    put(party, production, core, party.index, party.index === 0 ? 8 : 4);
    if (party.index !== last) return;
    party.begins("shuts down");
    shutDown(party, core);
  };

/** The last party sits down in the seat of one that is dead; all take what there is. */
const inTheDeadOnesSeat =
  (last: number) =>
  (party: Party, production: Production): void => {
    if (last === 0) party.note("gives back", 0); // the dead one
    if (party.index !== last) return takeAll(party, production, make(party, production, 1, changingEntry));
    const { Holding, QueueCore, parker } = production;
    const segment = segmentFor(party, 1, changingEntry);
    party.begins("comes");
    const core = QueueCore.of(new Holding(segment, joinEntry(segment)));
    party.knows(core, parker());
    takeAll(party, production, core);
  };

const memory = new QueueMemory(1);
const { names, initial: empty } = memory.empty;
/** One item is there, and no more will come. */
const oneThere = {
  ...empty,
  [memory.head("shutdown")]: 1,
  [memory.store("free")]: 0,
  [memory.store("lastOrder")]: -1,
  [memory.item(0, "length")]: 4,
  [memory.item(0, "order")]: -1,
  [memory.next(0)]: LAST,
  [memory.bytes(0)]: 0x01_07_07_01,
};
const oneReady = {
  ...oneThere,
  [memory.store("ready")]: 1,
  [memory.store("first")]: 1,
  [memory.store("last")]: 1,
  [memory.item(0, "state")]: STATES.ready,
};
/** The one that sat in the first seat had taken it when it was killed. */
const oneTaken = {
  ...oneThere,
  [memory.store("taken")]: 1,
  [memory.held(0)]: 1,
  [memory.item(0, "state")]: STATES.taken,
  [memory.item(0, "owner")]: LONG_DEAD,
  [memory.item(0, "deliveries")]: 1,
  [changingEntry(0)]: LONG_DEAD,
  [changingEntry(1)]: ownerOf(1),
};

const two = { parties: ["A", "B"], names, mostWords: 100, ...queuePromises };
const three = { parties: ["A", "B", "C"], names, mostWords: 100, ...queuePromises };
const mayRecheck = { rechecks: "after a death" } as const;
const allDone = (view: View): string | undefined =>
  itemFacts.put(view) === itemFacts.done(view) ? undefined : "an item is lost";
const isDone = (view: View): string | undefined => (itemFacts.done(view) === 1 ? undefined : "the item is lost");
const isEmpty = (view: View): string | undefined =>
  view.word(memory.guard) === 0 && view.word(memory.item(0, "state")) !== STATES.none ? "an item is left" : undefined;

/** What comes again: given back, dropped by a dead one, taken over with its seat. */
export const queuesAgain: readonly Configuration[] = [
  {
    title: "queue, one gives an item back and takes it again",
    script: givenBackToItself,
    ...two,
    ...new QueueMemory(2).empty,
    ended: allDone,
  },
  {
    title: "queue, an item given back to another",
    script: givenBackToAnother,
    ...two,
    initial: oneReady,
    ended: isDone,
  },
  {
    title: "queue, an item given back to another, x86",
    memory: "tso",
    script: givenBackToAnother,
    ...two,
    initial: oneReady,
    ended: isDone,
  },
  { title: "queue, one is refused while another takes the last item", script: refused, ...two, initial: oneReady },
  {
    title: "queue, killed while it gives an item back",
    script: givenBackToAnother,
    kills: 1,
    victims: [0],
    ...mayRecheck,
    ...two,
    initial: oneReady,
    ended: isDone,
  },
  { title: "queue, a long item", script: putLong(0), ...two, initial: empty, ended: allDone },
  {
    title: "queue, a long item, weak memory",
    memory: "pso",
    script: putLong(0),
    ...two,
    initial: empty,
    ended: allDone,
  },
  {
    title: "queue, a long item taken as soon as it is ready",
    script: putLong(0),
    mayBegin: (view, party) => party === 0 || view.word(memory.item(0, "state")) === STATES.ready,
    ...two,
    initial: empty,
    ended: allDone,
  },
  {
    title: "queue, behind a dead producer",
    parties: ["A"],
    names,
    mostWords: 100,
    ...queuePromises,
    script: (party, production) => {
      const core = make(party, production, 1);
      party.begins("");
      put(party, production, core, 0);
    },
    initial: {
      ...empty,
      [memory.store("free")]: 0,
      [memory.store("writing")]: 1,
      [memory.held(1)]: 1,
      [memory.item(0, "state")]: STATES.writing,
      [memory.item(0, "owner")]: ownerOf(1),
      [memory.item(0, "length")]: 8,
      [memory.next(0)]: LAST,
    },
    ended: (view) => (itemFacts.put(view) === 1 ? undefined : "there was no room"),
  },
  {
    title: "queue, a producer killed in a long item",
    script: putLong(2),
    kills: 1,
    victims: [0],
    // once it writes, and has woken those whom it kept out of the guard
    mayDie: (view) =>
      view.word(memory.item(0, "state")) === STATES.writing &&
      view.word(memory.bytes(0)) !== 0 &&
      view.word(memory.guard) !== ownerOf(0),
    ...three,
    initial: empty,
    ended: allDone,
  },
  {
    title: "queue, a producer killed anywhere in a long item",
    script: putLong(2),
    kills: 1,
    victims: [0],
    ...mayRecheck,
    ...three,
    initial: empty,
    ended: isEmpty,
  },
  {
    title: "queue, a dead one's seat is taken again",
    script: inTheDeadOnesSeat(0),
    ...two,
    initial: oneTaken,
    ended: isDone,
  },
  {
    title: "queue, a consumer killed, and its seat taken again",
    script: inTheDeadOnesSeat(2),
    kills: 1,
    victims: [0],
    mayBegin: (view, party) => party !== 2 || view.isDead(0) || itemFacts.shut(view) !== 0,
    ...mayRecheck,
    ...three,
    initial: {
      ...oneReady,
      [changingEntry(0)]: ownerOf(0),
      [changingEntry(1)]: ownerOf(1),
    },
    ended: isEmpty,
  },
];
