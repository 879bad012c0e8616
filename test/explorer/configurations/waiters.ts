import type { Wait } from "#src/sync/wait.js";
import { waitersHead } from "#src/sync/waiters.layout.js";
import type { Configuration, View } from "../configuration.js";
import { BODY, WAITING } from "../ground.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

/** What is waited for: a number of things that can be taken. */
const THINGS = 900;

const names = {
  [THINGS]: "things",
  [BODY + waitersHead.word.watched]: "watched",
  [BODY + waitersHead.word.lastTicket]: "last ticket",
  ...Object.fromEntries([0, 1, 2].map((party) => [BODY + waitersHead.bytes / 4 + party, `ticket ${party}`])),
  [WAITING]: "bits of who waits",
};

function make(party: Party, { Holding, Waiters, parker }: Production) {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party), party.index);
    return { words: holding.words, holding, waiters: new Waiters(holding, BODY, 0), parker: parker() };
  });
  party.knows(made);
  return made;
}

type Made = ReturnType<typeof make>;

/** Sleeps until `attempt` succeeds. */
function wait({ waiters, parker }: Made, party: Party, attempt: () => boolean): void {
  const one: Wait = {
    attempt,
    arm: () => {
      waiters.arm(one);
      party.note("armed");
    },
    disarm: () => waiters.disarm(one),
    recheck: () => waiters.armAgain(one),
    peers: () => [waiters.predecessor()].filter((owner) => owner !== 0),
    holdsLoop: true,
  };
  party.knows(one);
  parker.waitSync([one], Number.POSITIVE_INFINITY);
}

const take = ({ words }: Made): boolean => {
  for (let things = words.load(THINGS); things > 0; things = words.load(THINGS))
    if (words.compareExchange(THINGS, things, things - 1) === things) return true;
  return false;
};

/** A gives as many things as others want, each told to the one that has waited longest. */
function giveAndTake(party: Party, production: Production): void {
  const made = make(party, production);
  const { words, waiters } = made;
  if (party.index > 0) {
    party.begins("takes");
    wait(made, party, () => take(made));
    // who was woken for two things has taken one
    if (words.load(THINGS) > 0) waiters.wakeOldest();
    return;
  }
  for (let given = 0; given < 2; given++) {
    party.begins(`gives ${given}`);
    words.add(THINGS, 1);
    waiters.wakeOldest();
  }
}

/** One sets what the others wait for, and tells all. */
function tellAll(party: Party, production: Production): void {
  const made = make(party, production);
  const { words, waiters } = made;
  party.begins("");
  if (party.index > 0) return wait(made, party, () => words.load(THINGS) !== 0);
  words.store(THINGS, 1);
  waiters.wakeAll();
}

/** One waits for the first thing, then for the second. */
function tellTwice(party: Party, production: Production): void {
  const made = make(party, production);
  const { words, waiters } = made;
  for (let things = 1; things <= 2; things++) {
    party.begins(`thing ${things}`);
    if (party.index > 0) wait(made, party, () => words.load(THINGS) >= things);
    else {
      words.store(THINGS, things);
      waiters.wakeAll();
    }
  }
}

/** Each takes the only thing and gives it back; the first one has it at the beginning. */
function passOn(party: Party, production: Production): void {
  const made = make(party, production);
  const { words, waiters } = made;
  party.begins("");
  if (party.index === 0) party.note("has it");
  else
    wait(made, party, () => {
      if (!take(made)) return false;
      party.note("has it");
      return true;
    });
  words.add(THINGS, 1);
  waiters.wakeOldest();
}

/** A tells the one that has waited longest that there is nothing, and then that there is something for both. */
function giveLate(party: Party, production: Production): void {
  const made = make(party, production);
  const { words, waiters } = made;
  if (party.index > 0) return giveAndTake(party, production);
  for (const things of [0, 2]) {
    party.begins(`gives ${things}`);
    words.add(THINGS, things);
    waiters.wakeOldest();
  }
}

/** B comes first, then C, then A. */
const isInLine = (view: View, party: number): boolean => party === 1 || ticketOf(view, party === 2 ? 1 : 2) !== 0;

/** Facts of {@link passOn}: who has had the thing; whom each could see waiting when it was armed itself. */
const HAD = 0;
const SAW = 1;
const ticketOf = (view: View, party: number): number => view.word(BODY + waitersHead.bytes / 4 + party);

/**
 * Whether a party that waits is watched by who comes after it, as far as waiters.ts promises it: who armed before that
 * party's ticket could be seen is left to its own next look.
 */
function isWatchedWaiter(view: View, party: number): boolean {
  if (view.fact(HAD) & (1 << party)) return false;
  const ticket = ticketOf(view, party);
  return [0, 1, 2].every((other) => {
    const sees = view.fact(SAW + other);
    return other === party || ticket === 0 || sees === 0 || ticketOf(view, other) < ticket || sees & (1 << party);
  });
}

const passing = {
  noted(view: View, party: number, what: string): undefined {
    if (what === "has it") view.setFact(HAD, view.fact(HAD) | (1 << party));
    else
      for (const other of [0, 1, 2])
        if (other === party || ticketOf(view, other) !== 0)
          view.setFact(SAW + party, view.fact(SAW + party) | (1 << other));
  },
  ended: (view: View): string | undefined => (view.word(THINGS) === 1 ? undefined : "the thing was not given back"),
};

const two = { parties: ["giver", "taker"], names };
const three = { parties: ["giver", "B", "C"], names };
const equals = { parties: ["A", "B", "C"], names, ...passing };

export const waiters: readonly Configuration[] = [
  { title: "waiters, one is told", script: tellAll, ...two },
  { title: "waiters, one is told, x86", memory: "tso", script: tellAll, ...two },
  { title: "waiters, one is told twice", script: tellTwice, ...two },
  {
    title: "waiters, one is told, at the end of the tickets",
    initial: { [BODY + waitersHead.word.lastTicket]: -1 },
    script: tellAll,
    ...two,
  },
  { title: "waiters, all are told", script: tellAll, ...three },
  { title: "waiters, all are told, one of them killed", kills: 1, victims: [1, 2], script: tellAll, ...three },
  {
    title: "waiters, all are told by one that is killed meanwhile",
    kills: 1,
    mayDie: (view) => view.word(THINGS) !== 0,
    rechecks: "after a death",
    script: tellAll,
    ...three,
  },
  { title: "waiters, the oldest is told", script: giveAndTake, ...three },
  { title: "waiters, the oldest is told, x86", memory: "tso", script: giveAndTake, ...three },
  {
    title: "waiters, the oldest is told, one killed",
    kills: 1,
    rechecks: "after a death",
    victims: [1, 2],
    script: giveAndTake,
    ...three,
  },
  {
    // who was told of nothing is killed awake, and stands before the other one
    title: "waiters, told again behind one killed awake",
    kills: 1,
    victims: [1],
    mayBegin: isInLine,
    // who has taken one of two is to tell the next one: killed before that, it leaves it to look by itself
    mayDie: (view) => ticketOf(view, 2) !== 0 && view.word(THINGS) !== 1,
    script: giveLate,
    ...three,
  },
  { title: "waiters, one thing is passed on", script: passOn, ...equals },
  {
    title: "waiters, one thing is passed on, one killed while it waits",
    kills: 1,
    mayDie: isWatchedWaiter,
    script: passOn,
    ...equals,
  },
  {
    title: "waiters, one thing is passed on, the one before killed while it waits",
    kills: 1,
    victims: [1],
    mayDie: isWatchedWaiter,
    mayBegin: (view, party) => party < 2 || view.fact(SAW + 1) !== 0 || (view.fact(HAD) & 2) !== 0 || view.isDead(1),
    script: passOn,
    ...equals,
  },
];
