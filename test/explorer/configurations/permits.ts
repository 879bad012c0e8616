import { TimeoutError } from "#src/errors.js";
import type { HeldPermit } from "#src/primitives/locks/permit-holding.js";
import { guardHead } from "#src/sync/guard.layout.js";
import { permitRow, permitRows, permitsGuard, permitsHead, permitsWaiters } from "#src/sync/permits.layout.js";
import { waitersHead } from "#src/sync/waiters.layout.js";
import type { Configuration, View } from "../configuration.js";
import { BODY, changingEntry, LONG_DEAD, ownerOf, WAITING } from "../ground.js";
import { joinEntry } from "../join-entry.js";
import { namesOf } from "../names-of.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const SEATS = 3;
const FREE = BODY + permitsHead.word.free;
const TOTAL = BODY + permitsHead.word.total;
const IS_PLAIN = BODY + permitsHead.word.isPlain;
const GUARD = BODY + permitsGuard + guardHead.word.owner;
const ROWS = BODY + permitRows(SEATS);
const rowWord = (seat: number): number => ROWS + (seat * permitRow.bytes) / 4;
const heldWord = (seat: number): number => rowWord(seat) + permitRow.word.held;
const ticketWord = (seat: number): number => BODY + permitsWaiters + waitersHead.bytes / 4 + seat;
/** What is looked at while a permit is held. */
const USED = 900;

const names = {
  [WAITING]: "bits of who waits",
  ...namesOf.words(BODY, permitsHead.word),
  ...namesOf.words(BODY + permitsGuard, guardHead.word, "guard's "),
  ...namesOf.line(BODY + permitsWaiters),
  ...namesOf.rows(ROWS, permitRow, SEATS),
  [USED]: "what is used",
};

const HOLDERS = 0;
const GAVE_UP = 1;
const IS_BACK = 2;

const bits = (set: number): number => (set === 0 ? 0 : 1 + bits(set & (set - 1)));

/** Never more hold one than there are; in the end all that there are can be had. */
const properties = {
  noted(view: View, party: number, what: string): string | undefined {
    const holders = view.fact(HOLDERS);
    if (what === "has") {
      view.setFact(HOLDERS, holders | (1 << party));
      if (bits(view.fact(HOLDERS)) > view.word(TOTAL)) return "more hold a permit than there are";
    } else if (what === "gives back") view.setFact(HOLDERS, holders & ~(1 << party));
    else if (what === "gave back") view.setFact(IS_BACK, 1);
    else view.setFact(GAVE_UP, 1);
    return undefined;
  },
  died(view: View, party: number): void {
    view.setFact(HOLDERS, view.fact(HOLDERS) & ~(1 << party));
  },
  ended(view: View): string | undefined {
    if (view.word(IS_PLAIN) !== 0 && view.someDied) return undefined; // with its holder a plain permit is gone
    if (view.word(GUARD) !== 0) return undefined; // left by a dead one, and worked out anew by who comes next
    let sum = view.word(FREE);
    for (let seat = 0; seat < SEATS; seat++) sum += view.word(heldWord(seat));
    return sum === view.word(TOTAL) ? undefined : `there are ${view.word(TOTAL)} permits, free or held they are ${sum}`;
  },
};

const permit = (): HeldPermit => ({ through: permit, lapse: () => undefined });

function make(party: Party, { Holding, PermitHolding, parker }: Production, first: Readonly<Record<number, number>>) {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party, 0, SEATS), party.index);
    return { holding, permits: PermitHolding.of<HeldPermit>(holding, BODY, false), parker: parker() };
  }, first);
  party.knows(made);
  return made;
}

type Made = Pick<ReturnType<typeof make>, "holding" | "permits">;

/** Has a permit and gives it back. */
function useAndGiveBack(party: Party, { holding, permits }: Made, timeout?: number): void {
  const options = timeout === undefined ? undefined : { timeout };
  const held = permits.acquireSync(party, permit, "semaphore", options);
  party.note("has");
  holding.words.peek(USED);
  party.note("gives back");
  permits.giveBack(held, "semaphore");
  party.note("gave back");
}

/** Everybody takes one and gives it back. */
const inTurns =
  (rounds: number, first: Readonly<Record<number, number>> = {}) =>
  (party: Party, production: Production): void => {
    const made = make(party, production, first);
    for (let round = 0; round < rounds; round++) {
      party.begins(`round ${round}`);
      useAndGiveBack(party, made);
    }
  };

/** What the first party had at the beginning is given back. */
function giveBackFirst(party: Party, { holding, permits }: Made): void {
  party.note("has");
  party.begins("has it");
  holding.words.peek(USED);
  party.note("gives back");
  permits.core.give(1, 0);
  party.note("gave back");
}

/** The first party has one at the beginning; the others take one when it is back. */
function behindFirst(party: Party, production: Production): void {
  if (party.index > 0) return inTurns(1)(party, production);
  giveBackFirst(party, make(party, production, {}));
}

/** The first party has the only one, gives it back and takes one again, twice. */
function againBehindOthers(party: Party, production: Production): void {
  const made = make(party, production, {});
  if (party.index === 0) giveBackFirst(party, made);
  for (let round = 0; round < (party.index === 0 ? 2 : 1); round++) {
    party.begins(`takes it ${round}`);
    useAndGiveBack(party, made);
  }
}

/** The first party adds so many at once; each of the others takes one. */
const giveToOthers =
  (count: number, first: Readonly<Record<number, number>> = {}) =>
  (party: Party, production: Production): void => {
    const made = make(party, production, first);
    party.begins("");
    if (party.index === 0) made.permits.release(count, "semaphore");
    else {
      made.permits.acquireSync(party, permit, "semaphore", undefined);
      party.note("has");
    }
  };

/** The first party has it; behind it, the last one waits and gives up soon, then the second one waits. */
function oneGivesUp(party: Party, production: Production): void {
  const made = make(party, production, {});
  if (party.index === 0) return giveBackFirst(party, made);
  party.begins("");
  try {
    useAndGiveBack(party, made, party.index === 2 ? 5 : undefined);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    party.note("gives up");
  }
}

/** Who comes later begins when the one before is in line. */
function isInTurn(view: View, party: number): boolean {
  if (party === 2) return true;
  if (party === 1) return view.word(ticketWord(2)) !== 0 || view.fact(GAVE_UP) !== 0;
  return view.word(ticketWord(1)) !== 0;
}

/** The first party sits down where somebody sat who was killed with a permit; both take one. */
function inTheDeadOnesSeat(party: Party, { Holding, PermitHolding, parker }: Production): void {
  const segment = segmentOf(party, 0, SEATS, changingEntry);
  const open = (index: number): Made => {
    const holding = new Holding(segment, index);
    return { holding, permits: PermitHolding.of<HeldPermit>(holding, BODY, false) };
  };
  const made = party.index === 0 ? undefined : party.setUp(() => open(party.index));
  party.begins("comes");
  const here = made ?? open(joinEntry(segment));
  party.knows(here, parker());
  useAndGiveBack(party, here);
}

const one = { parties: ["A"], names, ...properties };
const two = { parties: ["A", "B"], names, ...properties };
const three = { parties: ["A", "B", "C"], names, ...properties };
const free = (count: number): Pick<Configuration, "initial"> => ({ initial: { [FREE]: count, [TOTAL]: count } });
const none = { initial: { [TOTAL]: 0 } };
/** The first party has the only one. */
const takenBy = (seat: number, owner: number) => ({ [TOTAL]: 1, [rowWord(seat)]: owner, [heldWord(seat)]: 1 });
const taken = { initial: takenBy(0, ownerOf(0)) };
const plain = { [IS_PLAIN]: 1 };
const plainFree = { initial: { ...plain, [FREE]: 1, [TOTAL]: 1 } };
/** A giver that is killed before it wakes may leave a waiter to look again by itself. */
const killed = { kills: 1, rechecks: "after a death" } as const;

export const permits: readonly Configuration[] = [
  { title: "semaphore, two parties", script: inTurns(1), ...two, ...free(1) },
  { title: "semaphore, two parties, weak memory", memory: "pso", script: inTurns(1), ...two, ...free(1) },
  { title: "semaphore, two parties, one killed", script: inTurns(1), ...two, ...free(1), ...killed },
  {
    title: "semaphore, one killed before another comes",
    script: inTurns(1),
    ...two,
    ...free(1),
    ...killed,
    victims: [0],
    mayBegin: (view, party) => party === 0 || view.isDead(0) || view.fact(IS_BACK) !== 0,
  },
  { title: "semaphore, behind a dead holder", script: inTurns(1), ...one, initial: takenBy(1, ownerOf(1)) },
  { title: "semaphore, three parties, two permits, one killed", script: inTurns(1), ...three, ...free(2), ...killed },
  { title: "semaphore, taken again behind another, starving", script: againBehindOthers, tickMs: 10, ...two, ...taken },
  {
    title: "semaphore, behind a claimant that is served",
    script: inTurns(1),
    mayBegin: (view, party) => party === 1 || view.fact(IS_BACK) !== 0,
    ...two,
    initial: { ...free(1).initial, [BODY + permitsHead.word.starving]: ownerOf(1) },
  },
  {
    title: "semaphore, a holder killed while another waits",
    kills: 1,
    victims: [0],
    mayDie: (view) => view.word(GUARD) !== ownerOf(0) && view.word(heldWord(0)) === 1,
    script: behindFirst,
    ...two,
    ...taken,
  },
  { title: "semaphore, two permits that come at once", script: giveToOthers(2), ...three, ...none },
  { title: "semaphore, one gives up", script: oneGivesUp, mayBegin: isInTurn, tickMs: 10, ...three, ...taken },
  {
    title: "semaphore, a dead one's seat is taken again",
    script: inTheDeadOnesSeat,
    ...two,
    initial: {
      ...takenBy(0, LONG_DEAD),
      [changingEntry(0)]: LONG_DEAD,
      [changingEntry(1)]: ownerOf(1),
      [WAITING]: 1,
      [ticketWord(0)]: -2,
      [BODY + permitsWaiters + waitersHead.word.lastTicket]: -2,
      [BODY + permitsWaiters + waitersHead.word.watched]: 1,
    },
  },
  {
    title: "semaphore, alone in a dead one's seat",
    script: inTheDeadOnesSeat,
    ...one,
    initial: { ...takenBy(0, LONG_DEAD), [FREE]: 1, [TOTAL]: 2, [changingEntry(0)]: LONG_DEAD },
    ended: (view) => (view.word(FREE) === 2 ? undefined : "a permit is lost"),
  },
  { title: "plain semaphore, two parties", script: inTurns(1, plain), ...two, ...plainFree },
  { title: "plain semaphore, two parties, x86", memory: "tso", script: inTurns(1, plain), ...two, ...plainFree },
  { title: "plain semaphore, three parties", script: inTurns(1, plain), ...three, ...plainFree },
  {
    title: "plain semaphore, three parties, two permits",
    script: inTurns(1, plain),
    ...three,
    initial: { ...plain, [FREE]: 2, [TOTAL]: 2 },
  },
  {
    title: "plain semaphore, two permits that come at once",
    script: giveToOthers(2, plain),
    ...three,
    ...none,
    initial: plain,
    ended: undefined,
    noted: undefined,
  },
  {
    title: "plain semaphore, the giver killed once it has given",
    script: giveToOthers(1, plain),
    ...two,
    ...killed,
    victims: [0],
    mayDie: (view) => view.word(FREE) > 0,
    initial: plain,
    noted: undefined,
  },
];
