import { lockHead, lockWaiters } from "#src/sync/owner-lock.layout.js";
import { waitersHead } from "#src/sync/waiters.layout.js";
import type { Configuration, View } from "../configuration.js";
import { BODY, ownerOf, WAITING } from "../ground.js";
import type { ModelWords } from "../model-words.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const HOLDER = BODY + lockHead.word.holder;
const WAITERS = BODY + lockWaiters;
/** What the lock guards: a number that each holder counts up by plain accesses. */
const GUARDED = 900;

const names = {
  [HOLDER]: "holder",
  [BODY + lockHead.word.abandoned]: "abandoned",
  [BODY + lockHead.word.starving]: "starving",
  [WAITERS + waitersHead.word.watched]: "watched",
  [WAITERS + waitersHead.word.lastTicket]: "last ticket",
  ...Object.fromEntries([0, 1, 2].map((party) => [WAITERS + waitersHead.bytes / 4 + party, `ticket ${party}`])),
  [WAITING]: "bits of who waits",
  [GUARDED]: "what is guarded",
};

const INSIDE = 0;
const OWED = 1;
const COUNT = 2;

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
      view.setFact(COUNT, view.fact(COUNT) + 1);
    }
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

function takeAndRelease(party: Party, { Holding, LockHolding, parker }: Production, rounds: number): void {
  const [holding, lock] = party.setUp(() => {
    const mine = new Holding(segmentOf(party), party.index);
    return [mine, LockHolding.of<Held>(mine, BODY), parker()];
  });
  party.knows(holding, lock, parker());
  for (let round = 0; round < rounds; round++) {
    party.begins(`round ${round}`);
    const hold = lock.acquireSync(party, (abandoned) => ({ abandoned }), "lock", undefined);
    party.note("in", hold.abandoned ? 1 : 0);
    const words = holding.words as ModelWords;
    const saw = words.plainLoad(GUARDED);
    party.note("saw", saw);
    words.plainStore(GUARDED, saw + 1);
    party.note("out");
    lock.release(hold, "lock");
  }
}

const twice = (party: Party, production: Production): void => takeAndRelease(party, production, 2);
const once = (party: Party, production: Production): void => takeAndRelease(party, production, 1);

export const ownerLock: readonly Configuration[] = [
  { title: "lock, two parties, once", parties: ["A", "B"], script: once, names, ...properties },
  { title: "lock, two parties, twice", parties: ["A", "B"], script: twice, names, ...properties },
  { title: "lock, two parties, twice, one killed", parties: ["A", "B"], kills: 1, rechecks: "after a death", script: twice, names, ...properties },
  { title: "lock, two parties, x86", parties: ["A", "B"], memory: "tso", script: twice, names, ...properties },
  { title: "lock, two parties, weak memory", parties: ["A", "B"], memory: "pso", script: twice, names, ...properties },
  { title: "lock, three parties", parties: ["A", "B", "C"], script: once, names, ...properties },
  { title: "lock, three parties, one killed", parties: ["A", "B", "C"], kills: 1, rechecks: "after a death", script: once, names, ...properties },
];
