import { TimeoutError } from "#src/errors.js";
import { guardHead } from "#src/sync/guard.layout.js";
import type { Access } from "#src/sync/read-write-lock.js";
import { readWriteGuard, readWriteHead, readWriteRow, readWriteRows } from "#src/sync/read-write-lock.layout.js";
import type { Configuration, View } from "../configuration.js";
import { BODY, changingEntry, LONG_DEAD, ownerOf, WAITING } from "../ground.js";
import { joinEntry } from "../join-entry.js";
import { namesOf } from "../names-of.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const SEATS = 3;
const WRITER = BODY + readWriteHead.word.writer;
const READS = BODY + readWriteHead.word.reads;
const LAST_TICKET = BODY + readWriteHead.word.lastTicket;
const GUARD = BODY + readWriteGuard + guardHead.word.owner;
const ROWS = BODY + readWriteRows;
const rowWord = (seat: number, which: keyof typeof readWriteRow.word): number =>
  ROWS + (seat * readWriteRow.bytes) / 4 + readWriteRow.word[which];
/** What the lock guards: a number that each writer counts up by plain accesses. */
const GUARDED = 900;

const names = {
  [WAITING]: "bits of who waits",
  ...namesOf.words(BODY, readWriteHead.word),
  ...namesOf.words(BODY + readWriteGuard, guardHead.word, "guard's "),
  ...namesOf.rows(ROWS, readWriteRow, SEATS),
  [GUARDED]: "what is guarded",
};

const READERS = 0;
const WRITERS = 1;
/** Whether a writer's death is to be told: 1 yes, 2 nobody can say. */
const OWED = 2;
const COUNT = 3;
const GAVE_UP = 4;
const HAS_READ = 5;
const UNKNOWN = 2;

/** One writes or some read; a writer's death is told to all until a writer gives it back, and only then. */
const properties = {
  noted(view: View, party: number, what: string, value: number): string | undefined {
    const [readers, writers] = [view.fact(READERS), view.fact(WRITERS)];
    const bit = 1 << party;
    if (what === "reads" || what === "writes") {
      if (writers !== 0) return "somebody writes, and another one is in";
      if (what === "writes" && readers !== 0) return "somebody reads, and another one writes";
      const owed = view.fact(OWED);
      if (owed !== UNKNOWN && value !== owed)
        return value ? "a death is told that was none" : "a writer's death is not told";
      if (owed === UNKNOWN) view.setFact(OWED, value);
      if (what === "reads" && party === 2) view.setFact(HAS_READ, 1);
      view.setFact(what === "reads" ? READERS : WRITERS, (what === "reads" ? readers : writers) | bit);
    } else if (what === "saw") {
      if (view.fact(OWED) === 0 && value !== view.fact(COUNT))
        return `what is guarded is ${value}, and its last writer left it at ${view.fact(COUNT)}`;
      view.setFact(COUNT, value);
    } else if (what === "gives up") view.setFact(GAVE_UP, 1);
    else if (what === "a writer is dead") view.setFact(OWED, 1);
    else {
      if (writers & bit) {
        view.setFact(OWED, 0);
        view.setFact(COUNT, view.fact(COUNT) + 1);
      }
      view.setFact(READERS, readers & ~bit);
      view.setFact(WRITERS, writers & ~bit);
    }
    return undefined;
  },
  died(view: View, party: number): void {
    const bit = 1 << party;
    if (view.fact(WRITERS) & bit) view.setFact(OWED, 1);
    // it was about to take it or to give it back
    else if (view.word(WRITER) === ownerOf(party) || view.word(rowWord(party, "writes")) !== 0)
      view.setFact(OWED, UNKNOWN);
    view.setFact(READERS, view.fact(READERS) & ~bit);
    view.setFact(WRITERS, view.fact(WRITERS) & ~bit);
  },
  ended(view: View): string | undefined {
    if (view.word(GUARD) !== 0 || view.someDied) return undefined;
    return view.word(WRITER) === 0 && view.word(READS) === 0 ? undefined : "all gave it back, and it is not free";
  },
};

type AccessWait = InstanceType<Production["AccessWait"]>;

function open(production: Production, segment: ReturnType<typeof segmentOf>, index: number) {
  const { Holding, ReadWriteLock, WaitingCalls } = production;
  const holding = new Holding(segment, index);
  const core = new ReadWriteLock(holding, BODY);
  const calls = new WaitingCalls<AccessWait, boolean>(({ access, ticket }) => {
    core.cancel(access, ticket);
    return undefined;
  });
  return { holding, core, calls };
}

type Made = ReturnType<typeof open>;

function make(party: Party, production: Production): Made {
  const made = party.setUp(() => open(production, segmentOf(party, 0, SEATS), party.index));
  party.knows(made, production.parker());
  return made;
}

/** Is in, and gives it back. */
function use(party: Party, { holding, core }: Made, access: Access, abandoned: boolean): void {
  const { words } = holding;
  party.note(access === "read" ? "reads" : "writes", abandoned ? 1 : 0);
  const saw = words.peek(GUARDED);
  party.note("saw", saw);
  if (access === "write") words.poke(GUARDED, saw + 1);
  else words.peek(GUARDED);
  party.note("out");
  core.release(access);
}

function takeAndUse(party: Party, production: Production, made: Made, access: Access, timeout?: number): void {
  const { core, calls } = made;
  if (!core.tryTakeOver(access))
    calls.blocking({
      by: party,
      operation: access,
      options: timeout === undefined ? undefined : { timeout },
      make: ({ resolve }) =>
        new production.AccessWait(core, access, core.begin(access), true, () => resolve(core.wasAbandoned)),
    });
  use(party, made, access, core.wasAbandoned);
}

/** Each takes it once, to read or to write. */
const each =
  (...accesses: readonly Access[]) =>
  (party: Party, production: Production): void => {
    const made = make(party, production);
    party.begins("");
    takeAndUse(party, production, made, accesses[party.index]);
  };

/** The first party has it at the beginning, the others take it; the second one gives up if it waits for `timeout`. */
const behindFirst =
  (accesses: readonly Access[], timeout?: number) =>
  (party: Party, production: Production): void => {
    const made = make(party, production);
    party.begins("");
    const access = accesses[party.index];
    if (party.index === 0) return use(party, made, access, false);
    try {
      takeAndUse(party, production, made, access, party.index === 1 ? timeout : undefined);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      party.note("gives up");
    }
  };

/** Two write after one that was killed when it did. */
function behindDead(party: Party, production: Production): void {
  const made = make(party, production);
  party.note("a writer is dead");
  party.begins("");
  takeAndUse(party, production, made, "write");
}

/** The first party sits down where a writer sat that was killed; the second one takes it as well. */
function inTheDeadOnesSeat(party: Party, production: Production): void {
  const segment = segmentOf(party, 0, SEATS, changingEntry);
  party.note("a writer is dead");
  const made = party.index === 0 ? undefined : party.setUp(() => open(production, segment, party.index));
  party.begins("comes");
  const here = made ?? open(production, segment, joinEntry(segment));
  party.knows(here, production.parker());
  takeAndUse(party, production, here, party.index === 0 ? "read" : "write");
}

const isInLine = (view: View, party: number): boolean =>
  view.word(rowWord(party, "readers")) + view.word(rowWord(party, "writers")) > 0;

const two = { parties: ["A", "B"], names, ...properties };
const three = { parties: ["A", "B", "C"], names, ...properties };
const killed = { kills: 1, rechecks: "after a death" } as const;
const writtenBy = (seat: number, owner: number) => ({
  [WRITER]: owner,
  [rowWord(seat, "owner")]: owner,
  [rowWord(seat, "writes")]: 1,
});
const isWritten = writtenBy(0, ownerOf(0));
const isRead = { [READS]: 1, [rowWord(0, "owner")]: ownerOf(0), [rowWord(0, "reads")]: 1 };
/** The second party is in line before the third one comes, and the first one gives it back after that. */
const inOrder = {
  mayBegin: (view: View, party: number): boolean =>
    party === 1 || isInLine(view, 1) || view.fact(GAVE_UP) !== 0 || view.isDead(1) || view.fact(COUNT) > 0,
};

export const readWriteLocks: readonly Configuration[] = [
  { title: "read-write lock, two writers", script: each("write", "write"), ...two },
  { title: "read-write lock, two writers, weak memory", memory: "pso", script: each("write", "write"), ...two },
  { title: "read-write lock, one reads and one writes", script: each("read", "write"), ...two },
  { title: "read-write lock, two writers, one killed", script: each("write", "write"), ...two, ...killed },
  { title: "read-write lock, one reads and one writes, one killed", script: each("read", "write"), ...two, ...killed },
  { title: "read-write lock, two read and one writes", script: each("read", "write", "read"), ...three },
  {
    title: "read-write lock, a writer killed while another waits",
    script: behindFirst(["write", "write"]),
    kills: 1,
    victims: [0],
    mayDie: (view) => view.word(GUARD) !== ownerOf(0) && view.word(rowWord(0, "writes")) === 1,
    ...two,
    initial: isWritten,
    noted: properties.noted,
  },
  {
    title: "read-write lock, a reader comes behind a writer",
    script: behindFirst(["read", "write", "read"]),
    ...inOrder,
    ...three,
    initial: isRead,
    noted: (view, party, what, value) =>
      what === "reads" && party === 2 && isInLine(view, 1)
        ? "a reader overtakes a writer that waits"
        : properties.noted(view, party, what, value),
  },
  {
    title: "read-write lock, two readers behind a writer, at the end of the tickets",
    script: behindFirst(["write", "read", "read"]),
    ...three,
    initial: { ...isWritten, [LAST_TICKET]: -2 },
  },
  {
    title: "read-write lock, a writer gives up before a reader",
    script: behindFirst(["read", "write", "read"], 5),
    // the first one reads until the third one does
    mayBegin: (view, party) => (party === 0 ? view.fact(HAS_READ) !== 0 : inOrder.mayBegin(view, party)),
    tickMs: 10,
    ...three,
    initial: isRead,
  },
  {
    title: "read-write lock, behind a dead reader",
    parties: ["A"],
    names,
    ...properties,
    script: each("write"),
    initial: { [READS]: 1, [rowWord(1, "owner")]: ownerOf(1), [rowWord(1, "reads")]: 1 },
  },
  {
    title: "read-write lock, two come behind a dead writer",
    script: behindDead,
    ...two,
    initial: writtenBy(2, ownerOf(2)),
  },
  {
    title: "read-write lock, two come behind a dead writer, one killed",
    script: behindDead,
    ...two,
    ...killed,
    initial: writtenBy(2, ownerOf(2)),
  },
  {
    title: "read-write lock, a dead one's seat is taken again",
    script: inTheDeadOnesSeat,
    ...two,
    initial: {
      ...writtenBy(0, LONG_DEAD),
      [changingEntry(0)]: LONG_DEAD,
      [changingEntry(1)]: ownerOf(1),
    },
  },
];
