import type { Words } from "#src/memory/words.js";
import type { Parker } from "#src/sync/parker.js";
import type { Wait } from "#src/sync/wait.js";
import { waitersHead } from "#src/sync/waiters.layout.js";
import type { Configuration } from "../configuration.js";
import { BODY, changingEntry, LONG_DEAD, ownerOf, WAITING } from "../ground.js";
import { joinEntry } from "../join-entry.js";
import { namesOf } from "../names-of.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const SEATS = 3;
/** What is waited for: a bit of each of the two that wake. */
const DONE = 900;
const BOTH = 6;
const SITS = 0;

type Made = { words: Words; waiters: InstanceType<Production["Waiters"]> };

/** Sleeps until the bits are there. */
function waitFor(party: Party, { words, waiters }: Made, bits: number, parker: Parker): void {
  const wait: Wait = {
    attempt: () => words.load(DONE) === bits,
    arm: () => waiters.arm(wait),
    disarm: () => waiters.disarm(wait),
    recheck: () => waiters.armAgain(wait),
    peers: () => [waiters.predecessor()].filter((owner) => owner !== 0),
    holdsLoop: true,
  };
  party.knows(waiters, wait, parker);
  parker.waitSync([wait], Number.POSITIVE_INFINITY);
}

/** The first party sits down in the seat of a dead one whose ticket stands there, and waits; the others wake. */
const inTheDeadOnesSeat =
  (...calls: readonly ("wakeOldest" | "wakeAll")[]) =>
  (party: Party, { Holding, Waiters, parker }: Production): void => {
    const segment = segmentOf(party, 0, SEATS, changingEntry);
    const open = (index: number) => {
      const holding = new Holding(segment, index);
      return { holding, words: holding.words, waiters: new Waiters(holding, BODY, 0) };
    };
    if (party.index > 0) {
      const { words, waiters } = party.setUp(() => ({ ...open(party.index), parker: parker() }));
      party.knows(waiters, parker());
      party.begins("");
      words.or(DONE, 1 << party.index);
      waiters[calls[party.index - 1]]();
      if (calls.length > 1) return;
      words.or(DONE, BOTH);
      return waiters[calls[0]]();
    }
    party.begins("comes");
    const { words, waiters } = open(joinEntry(segment));
    waitFor(party, { words, waiters }, BOTH, parker());
  };

/** The first party sits down there and waits for something else; the second one waits for what the third one does. */
function justSit(party: Party, { Holding, Waiters, parker }: Production): void {
  const segment = segmentOf(party, 0, SEATS, changingEntry);
  const open = (index: number) => {
    const holding = new Holding(segment, index);
    return { holding, words: holding.words, waiters: new Waiters(holding, BODY, 0) };
  };
  if (party.index === 0) {
    party.begins("comes");
    open(joinEntry(segment)).holding.armed(0);
    return party.note("sits");
  }
  const made = party.setUp(() => ({ ...open(party.index), parker: parker() }));
  party.knows(made.waiters, parker());
  party.begins("");
  if (party.index === 1) return waitFor(party, made, 4, parker());
  made.words.or(DONE, 4);
  made.waiters.wakeOldest();
}

const three = {
  parties: ["A", "B", "C"],
  names: {
    [WAITING]: "bits of who waits",
    ...namesOf.line(BODY),
    [DONE]: "what is done",
    [changingEntry(0)]: "seat 0",
  },
  initial: {
    [changingEntry(0)]: LONG_DEAD,
    [changingEntry(1)]: ownerOf(1),
    [changingEntry(2)]: ownerOf(2),
    [WAITING]: 1,
    [BODY + waitersHead.word.watched]: 1,
    [BODY + waitersHead.word.lastTicket]: 1,
    [BODY + waitersHead.bytes / 4]: 1,
  },
};

export const waitersAgain: readonly Configuration[] = [
  {
    title: "waiters, a dead one's seat is taken again, the oldest told twice",
    script: inTheDeadOnesSeat("wakeOldest"),
    ...three,
    parties: ["A", "B"],
  },
  {
    title: "waiters, a dead one's seat is taken by one that waits for something else",
    script: justSit,
    mayBegin: (view, party) => party !== 2 || view.fact(SITS) !== 0,
    noted: (view) => view.setFact(SITS, 1) as undefined,
    ...three,
  },
  {
    title: "waiters, a dead one's seat is taken again, all told",
    script: inTheDeadOnesSeat("wakeAll", "wakeAll"),
    ...three,
  },
  {
    title: "waiters, a dead one's seat is taken again, the oldest told",
    script: inTheDeadOnesSeat("wakeOldest", "wakeOldest"),
    ...three,
  },
];
