import { TimeoutError } from "#src/errors.js";
import { guardHead } from "#src/sync/guard.layout.js";
import type { Arrival, End } from "#src/sync/rendezvous.js";
import {
  partyRow,
  partyRows,
  rendezvousGuard,
  rendezvousHead,
  rendezvousWaiters,
} from "#src/sync/rendezvous.layout.js";
import type { Configuration, View } from "../configuration.js";
import { BODY, changingEntry, LONG_DEAD, ownerOf, WAITING } from "../ground.js";
import { joinEntry } from "../join-entry.js";
import { namesOf } from "../names-of.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const SEATS = 3;
const PARTIES = BODY + rendezvousHead.word.parties;
const CYCLE = BODY + rendezvousHead.word.cycle;
const BROKEN = BODY + rendezvousHead.word.broken;
const ROWS = BODY + partyRows(SEATS);
const rowWord = (seat: number, which: keyof typeof partyRow.word): number =>
  ROWS + (seat * partyRow.bytes) / 4 + partyRow.word[which];

const names = {
  [WAITING]: "bits of who waits",
  ...namesOf.words(BODY, rendezvousHead.word),
  ...namesOf.words(BODY + rendezvousGuard, guardHead.word, "guard's "),
  ...namesOf.line(BODY + rendezvousWaiters),
  ...namesOf.rows(ROWS, partyRow, SEATS),
};

/** How many have come for the first round, and for the second. */
const COME = 0;
/** Bits of the cycles (modulo 4) that somebody saw end so. */
const PASSED = 2;
const WAS_BROKEN = 3;
/** Somebody broke it on purpose. */
const IS_BREAKING = 4;
/** How many passed each cycle (modulo 4), in 8 bits each. */
const PASSERS = 5;

/** Nobody passes before all have come; of those who are in a cycle all pass, or none; it breaks for a reason only. */
const properties = {
  noted(view: View, _party: number, what: string, value: number): string | undefined {
    if (what === "breaks") view.setFact(IS_BREAKING, 1);
    else if (what === "comes") view.setFact(COME + value, view.fact(COME + value) + 1);
    else if (what === "arrives") {
      if (value >= view.word(PARTIES)) return "one arrives that is one too many";
    } else if (what === "passes round") {
      if (view.fact(COME + value) < view.word(PARTIES)) return "somebody passes before all have come";
    } else {
      if (what === "is broken" && !view.someDied && view.fact(IS_BREAKING) === 0) return "it breaks for no reason";
      if (value < 0) return undefined; // it was never in
      const fact = what === "is broken" ? WAS_BROKEN : PASSED;
      view.setFact(fact, view.fact(fact) | (1 << (value & 3)));
      if (what === "passes") view.setFact(PASSERS, view.fact(PASSERS) + (1 << ((value & 3) * 8)));
      if (((view.fact(PASSERS) >>> ((value & 3) * 8)) & 0xff) > view.word(PARTIES))
        return "more pass than there are parties";
      if (view.fact(PASSED) & view.fact(WAS_BROKEN)) return "a cycle is passed by one, and was broken for another";
    }
    return undefined;
  },
};

type ArrivalWait = InstanceType<Production["ArrivalWait"]>;
class Broken extends Error {}

function open(production: Production, segment: ReturnType<typeof segmentOf>, index: number) {
  const { Holding, Rendezvous, WaitingCalls } = production;
  const holding = new Holding(segment, index);
  const core = new Rendezvous(holding, BODY);
  const calls = new WaitingCalls<ArrivalWait, Arrival>(({ arrival }) =>
    arrival && core.giveUp(arrival.cycle) === "passed" ? { result: { ...arrival, isLast: false } } : undefined,
  );
  return { core, calls };
}

type Made = ReturnType<typeof open>;

function make(party: Party, production: Production): Made {
  const made = party.setUp(() => open(production, segmentOf(party, 0, SEATS), party.index));
  party.knows(made, production.parker());
  return made;
}

/** One call that waits for the others; `onArrival` is told in which cycle it is. */
const call = (
  party: Party,
  { ArrivalWait }: Production,
  { core, calls }: Made,
  onArrival: (cycle: number) => void,
  timeout?: number,
) => ({
  by: party,
  operation: "wait",
  options: timeout === undefined ? undefined : { timeout },
  make: ({ resolve, reject }: { resolve(arrival: Arrival): void; reject(error: Error): void }) =>
    new ArrivalWait(
      core,
      true,
      () => {
        const arrival = core.arrive(() => calls.look((wait) => wait.arrival !== undefined));
        if (typeof arrival === "object") {
          party.note("arrives", arrival.index);
          onArrival(arrival.cycle);
        }
        return arrival;
      },
      (end, arrival) => (end === "passed" && arrival ? resolve(arrival) : reject(new Broken())),
    ),
});

/** Waits for the others; says how that ended. */
function meet(
  party: Party,
  production: Production,
  made: Made,
  round = 0,
  timeout?: number,
): "passed" | "broken" | "late" {
  let cycle = -1;
  party.note("comes", round);
  try {
    const arrival = made.calls.blocking(
      call(
        party,
        production,
        made,
        (one) => {
          cycle = one;
        },
        timeout,
      ),
    );
    if (arrival.isLast && !made.core.complete(arrival.cycle)) throw new Broken();
    party.note("passes round", round);
    party.note("passes", arrival.cycle);
    return "passed";
  } catch (error) {
    if (error instanceof TimeoutError) return "late";
    if (!(error instanceof Broken)) throw error;
    party.note("is broken", cycle);
    return "broken";
  }
}

/**
 * A function of the second party has arrived, and another one does as well; the first party comes once, and breaks it
 * then.
 */
function arriveAgain(party: Party, production: Production): void {
  const { core } = make(party, production);
  party.begins("");
  if (party.index === 0) {
    const arrival = core.arrive();
    if (typeof arrival === "object" && arrival.isLast && core.complete(arrival.cycle))
      party.note("passes", arrival.cycle);
    party.note("breaks");
    return core.abort();
  }
  let end: End | undefined;
  const takeNote = (): void => {
    end ??= core.endOf(0);
  };
  core.arrive(takeNote);
  takeNote();
  if (end !== undefined) party.note(end === "passed" ? "passes" : "is broken", 0);
}

const meetOften =
  (rounds: number) =>
  (party: Party, production: Production): void => {
    const made = make(party, production);
    for (let round = 0; round < rounds; round++) {
      party.begins(`round ${round}`);
      meet(party, production, made, round);
    }
  };

/** The first one breaks it or makes it whole; the others wait. */
const breakIt =
  (act: "abort" | "reset" | "quit") =>
  (party: Party, production: Production): void => {
    const made = make(party, production);
    party.begins("");
    if (party.index > 0) return void meet(party, production, made);
    if (act !== "quit") party.note("breaks");
    made.core[act]();
  };

/** The first one makes it whole, and waits then; the other waits, and once more if that was broken. */
function resetAndMeet(party: Party, production: Production): void {
  const made = make(party, production);
  party.begins("");
  if (party.index === 0) {
    party.note("breaks");
    made.core.reset();
    party.begins("has reset it");
    return void meet(party, production, made, 1);
  }
  if (meet(party, production, made, 1) !== "broken") return;
  party.begins("once more");
  meet(party, production, made, 1);
}

/** The last party has arrived at the beginning; each of the others comes once, if that is possible just then. */
function twoForOne(party: Party, production: Production): void {
  const { core } = make(party, production);
  if (party.index === 2) return;
  party.begins("");
  const arrival = core.arrive();
  if (typeof arrival !== "object") return;
  party.note("arrives", arrival.index);
  if (arrival.isLast && core.complete(arrival.cycle)) party.note("passes", arrival.cycle);
}

/** The first party, which has arrived at the beginning, gives up when the last one comes. */
function giveUpLate(party: Party, production: Production): void {
  const { core } = make(party, production);
  party.begins("");
  party.note("breaks");
  if (party.index === 0) return party.note(core.giveUp(0) === "passed" ? "passes" : "is broken", 0);
  const arrival = core.arrive();
  if (typeof arrival === "object") party.note(core.complete(arrival.cycle) ? "passes" : "is broken", arrival.cycle);
}

/** The second one waits for a while only, and then once more. */
function oneGivesUp(party: Party, production: Production): void {
  const made = make(party, production);
  party.begins("");
  if (party.index === 1) party.note("breaks");
  if (meet(party, production, made, 0, party.index === 1 ? 5 : undefined) !== "late") return;
  party.begins("once more");
  meet(party, production, made);
}

/** The first party sits down where a party sat that was killed; both wait. */
function inTheDeadOnesSeat(party: Party, production: Production): void {
  const segment = segmentOf(party, 0, SEATS, changingEntry);
  const made = party.index === 0 ? undefined : party.setUp(() => open(production, segment, party.index));
  party.begins("comes");
  const here = made ?? open(production, segment, joinEntry(segment));
  party.knows(here, production.parker());
  party.note("breaks");
  meet(party, production, here);
}

const two = { parties: ["A", "B"], names, ...properties };
const three = { parties: ["A", "B", "C"], names, ...properties };
const forTwo = { initial: { [PARTIES]: 2 } };
const forThree = { initial: { [PARTIES]: 3 } };
const mayRecheck = { rechecks: "after a death" } as const;
/** The first one has met others before. */
const known = { [PARTIES]: 2, [CYCLE]: 1, [rowWord(0, "owner")]: ownerOf(0), [rowWord(0, "isParty")]: 1 };
/** Of two, the one in that seat has arrived. */
const arrivedIn = (seat: number) => ({
  [PARTIES]: 2,
  [BODY + rendezvousHead.word.arrived]: 1,
  [rowWord(seat, "owner")]: ownerOf(seat),
  [rowWord(seat, "isParty")]: 1,
  [rowWord(seat, "arrived")]: 1,
  [rowWord(seat, "brokenCycle")]: -1,
});

export const barriers: readonly Configuration[] = [
  { title: "barrier, two parties", script: meetOften(1), ...two, ...forTwo },
  { title: "barrier, two parties, twice", script: meetOften(2), ...two, ...forTwo },
  {
    title: "barrier, two parties, twice, at the end of the cycles",
    script: meetOften(2),
    ...two,
    initial: { [PARTIES]: 2, [CYCLE]: -1 },
  },
  { title: "barrier, three parties", script: meetOften(1), ...three, ...forThree },
  {
    title: "barrier, a party killed that others know",
    script: meetOften(1),
    kills: 1,
    victims: [0],
    ...two,
    initial: known,
  },
  {
    title: "barrier, three parties, one killed",
    script: meetOften(1),
    kills: 1,
    victims: [0],
    ...mayRecheck,
    ...three,
    ...forThree,
    mayDie: (view) => view.word(rowWord(0, "isParty")) === 1,
  },
  { title: "barrier, aborted", script: breakIt("abort"), ...three, ...forThree },
  { title: "barrier, aborted while all come", script: breakIt("abort"), ...three, ...forTwo },
  { title: "barrier, two come and one of them is awaited", script: twoForOne, ...three, initial: arrivedIn(2) },
  { title: "barrier, one gives up when the last one comes", script: giveUpLate, ...two, initial: arrivedIn(0) },
  {
    title: "barrier, aborted by one that is killed meanwhile",
    script: breakIt("abort"),
    kills: 1,
    victims: [0],
    mayDie: (view) => view.word(BROKEN) === 1,
    ...mayRecheck,
    ...two,
    ...forTwo,
  },
  { title: "barrier, made whole", script: resetAndMeet, ...two, ...forTwo },
  {
    title: "barrier, a function arrives while another one of its thread waits",
    script: arriveAgain,
    ...two,
    initial: arrivedIn(1),
  },
  { title: "barrier, one leaves that others know", script: breakIt("quit"), ...three, initial: known },
  { title: "barrier, one gives up", script: oneGivesUp, tickMs: 10, ...two, ...forTwo },
  {
    title: "barrier, a dead one's seat is taken again",
    script: inTheDeadOnesSeat,
    ...two,
    initial: {
      [PARTIES]: 2,
      [changingEntry(0)]: LONG_DEAD,
      [changingEntry(1)]: ownerOf(1),
      [rowWord(0, "owner")]: LONG_DEAD,
      [rowWord(0, "isParty")]: 1,
      [rowWord(0, "arrived")]: 1,
    },
  },
];
