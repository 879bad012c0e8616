import { TimeoutError } from "#src/errors.js";
import { lockHead, lockWaiters } from "#src/sync/owner-lock.layout.js";
import { waitersHead } from "#src/sync/waiters.layout.js";
import type { Configuration, View } from "../configuration.js";
import { turnLoop } from "../event-loop.js";
import { BODY, ownerOf, WAITING } from "../ground.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const HOLDER = BODY + lockHead.word.holder;
const STARVING = BODY + lockHead.word.starving;
const WAITERS = BODY + lockWaiters;
const ticketWord = (party: number): number => WAITERS + waitersHead.bytes / 4 + party;
/** What the lock guards: a number that each holder counts up by plain accesses. */
const GUARDED = 900;

const names = {
  [HOLDER]: "holder",
  [BODY + lockHead.word.abandoned]: "abandoned",
  [STARVING]: "starving",
  [WAITERS + waitersHead.word.watched]: "watched",
  [WAITERS + waitersHead.word.lastTicket]: "last ticket",
  ...Object.fromEntries([0, 1, 2].map((party) => [ticketWord(party), `ticket ${party}`])),
  [WAITING]: "bits of who waits",
  [GUARDED]: "what is guarded",
};

const INSIDE = 0;
const OWED = 1;
const COUNT = 2;
const GAVE_UP = 3;

/** The properties of a lock: one holds it; a holder's death is told to the next until one releases, and only then. */
const properties = {
  noted(view: View, party: number, what: string, value: number): string | undefined {
    const inside = view.fact(INSIDE);
    if (what === "in") {
      if (inside !== 0) return "two hold the lock";
      if (value !== view.fact(OWED)) return value ? "a death is told that was none" : "a holder's death is not told";
      view.setFact(INSIDE, inside | (1 << party));
    } else if (what === "saw") {
      if (view.fact(OWED) === 0 && value !== view.fact(COUNT))
        return `what is guarded is ${value}, and its last holder left it at ${view.fact(COUNT)}`;
      view.setFact(COUNT, value);
    } else if (what === "out") {
      view.setFact(INSIDE, inside & ~(1 << party));
      view.setFact(OWED, 0);
      if (inside !== 0) view.setFact(COUNT, view.fact(COUNT) + 1);
    } else if (what === "hands on") view.setFact(INSIDE, inside & ~(1 << party));
    else if (what === "gives up") view.setFact(GAVE_UP, 1);
    return undefined;
  },
  died(view: View, party: number): void {
    view.setFact(INSIDE, view.fact(INSIDE) & ~(1 << party));
    if (view.word(HOLDER) === ownerOf(party)) view.setFact(OWED, 1);
  },
  ended(view: View): string | undefined {
    const holder = view.word(HOLDER);
    return holder !== 0 && !view.isDead((holder & 0xfff) - 1) ? "a living party left the lock taken" : undefined;
  },
};

interface Held {
  readonly abandoned: boolean;
}

function make(party: Party, { Holding, LockHolding, parker }: Production) {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party), party.index);
    return { holding, lock: LockHolding.of<Held>(holding, BODY), parker: parker() };
  });
  party.knows(made);
  return made;
}

type Made = ReturnType<typeof make>;

const hold = (abandoned: boolean): Held => ({ abandoned });

/** Has the lock, counts up what it guards, and gives it back. */
function useAndRelease(party: Party, { holding, lock }: Made, held: Held): void {
  party.note("in", held.abandoned ? 1 : 0);
  const words = holding.words;
  const saw = words.peek(GUARDED);
  party.note("saw", saw);
  words.poke(GUARDED, saw + 1);
  party.note("out");
  lock.release(held, "lock");
}

const inCalls =
  (rounds: number) =>
  (party: Party, production: Production): void => {
    const made = make(party, production);
    for (let round = 0; round < rounds; round++) {
      party.begins(`round ${round}`);
      useAndRelease(party, made, made.lock.acquireSync(party, hold, "lock", undefined));
    }
  };

/** The same, waiting in the event loop. */
function inLoop(party: Party, production: Production): void {
  const made = make(party, production);
  party.begins("");
  void made.lock.acquire(party, true, hold, "lock");
  turnLoop(party, () => made.lock.holds.length > 0);
  useAndRelease(party, made, made.lock.holds[0]);
}

/** The first party has the lock; behind it, the last one waits and gives up soon, then the second one waits. */
function oneGivesUp(party: Party, production: Production): void {
  const made = make(party, production);
  if (party.index === 0) return releaseFirst(party, made);
  party.begins("");
  try {
    const options = party.index === 2 ? { timeout: 5 } : undefined;
    useAndRelease(party, made, made.lock.acquireSync(party, hold, "lock", options));
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

/** Who is told of a death hands the lock on as it is, and takes it again. */
function handOn(party: Party, production: Production): void {
  const made = make(party, production);
  const { lock } = made;
  party.begins("takes it");
  const held = lock.acquireSync(party, hold, "lock", undefined);
  if (!held.abandoned) return useAndRelease(party, made, held);
  party.note("in", 1);
  party.note("hands on");
  lock.holds.pop();
  lock.core.release(false);
  party.begins("takes it again");
  useAndRelease(party, made, lock.acquireSync(party, hold, "lock", undefined));
}

/** What the first party had at the beginning is given back. */
function releaseFirst(party: Party, { lock }: Made): void {
  lock.holds.push(hold(false));
  party.begins("has it");
  party.note("out");
  lock.release(lock.holds[0], "lock");
}

/** The first party has the lock, gives it back and takes it again so often; the others take it once. */
const againBehindOthers =
  (times: number) =>
  (party: Party, production: Production): void => {
    const made = make(party, production);
    if (party.index === 0) releaseFirst(party, made);
    for (let round = 0; round < (party.index === 0 ? times : 1); round++) {
      party.begins(`takes it ${round}`);
      useAndRelease(party, made, made.lock.acquireSync(party, hold, "lock", undefined));
    }
  };

const two = { parties: ["A", "B"], names, ...properties };
const three = { parties: ["A", "B", "C"], names, ...properties };
/** The first party has it. */
const held = { initial: { [HOLDER]: ownerOf(0) } };
const givingUp = { script: oneGivesUp, mayBegin: isInTurn, tickMs: 10, ...three, ...held };
/** A holder that is killed between giving back and waking may leave its waiter to look again by itself. */
const killed = { kills: 1, rechecks: "after a death" } as const;

export const ownerLock: readonly Configuration[] = [
  { title: "lock, two parties", script: inCalls(1), ...two },
  { title: "lock, two parties, x86", memory: "tso", script: inCalls(1), ...two },
  { title: "lock, two parties, weak memory", memory: "pso", script: inCalls(1), ...two },
  { title: "lock, two parties, one killed", script: inCalls(1), ...two, ...killed },
  { title: "lock, two parties, one killed, handed on", script: handOn, ...two, ...killed },
  { title: "lock, two parties, in their loops", script: inLoop, ...two },
  { title: "lock, two parties, in their loops, one killed", script: inLoop, ...two, ...killed },
  { title: "lock, two parties, twice", script: inCalls(2), ...two },
  { title: "lock, two parties, twice, one killed", script: inCalls(2), ...two, ...killed },
  { title: "lock, taken again behind another, starving", script: againBehindOthers(2), tickMs: 10, ...two, ...held },
  {
    title: "lock, a claimant killed before another comes",
    script: inCalls(1),
    tickMs: 10,
    initial: { [STARVING]: ownerOf(1) },
    mayBegin: (view, party) => party === 1 || view.isDead(1) || view.fact(COUNT) > 0,
    mayDie: (view) => view.word(STARVING) === ownerOf(1),
    victims: [1],
    ...two,
    ...killed,
  },
  { title: "lock, two parties, twice, starving, one killed", script: inCalls(2), tickMs: 10, ...two, ...killed },
  { title: "lock, three parties", script: inCalls(1), ...three },
  { title: "lock, three parties, one killed", script: inCalls(1), ...three, ...killed },
  { title: "lock, three parties, two killed", script: inCalls(1), ...three, ...killed, kills: 2 },
  { title: "lock, three parties, starving", script: inCalls(1), tickMs: 10, ...three },
  { title: "lock, three parties, starving, two killed", script: inCalls(1), tickMs: 10, ...three, ...killed, kills: 2 },
  { title: "lock, three parties, one gives up", ...givingUp },
];
