import type { Words } from "#src/memory/words.js";
import { guardHead } from "#src/sync/guard.layout.js";
import type { Wait } from "#src/sync/wait.js";
import { waitersHead } from "#src/sync/waiters.layout.js";
import type { Configuration, View } from "../configuration.js";
import { BODY, ownerOf, WAITING } from "../ground.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const OWNER = BODY + guardHead.word.owner;
const WAITERS = BODY + guardHead.bytes / 4;
/** Two numbers that are equal whenever nobody is inside. */
const FIRST = 900;
const SECOND = 901;

const names = {
  [OWNER]: "owner",
  [BODY + guardHead.word.wanted]: "wanted",
  [WAITERS + waitersHead.word.watched]: "watched",
  [WAITERS + waitersHead.word.lastTicket]: "last ticket",
  ...Object.fromEntries([0, 1, 2].map((party) => [WAITERS + waitersHead.bytes / 4 + party, `ticket ${party}`])),
  [WAITING]: "bits of who waits",
  [FIRST]: "first number",
  [SECOND]: "second number",
};

const INSIDE = 0;
const OWED = 1;

/** One is inside; after a death inside the words are repaired before anybody sees them, and only then. */
const properties = {
  noted(view: View, party: number, what: string, value: number): string | undefined {
    const inside = view.fact(INSIDE);
    if (what === "repairs") return view.fact(OWED) ? undefined : "the words are repaired, and nobody died inside";
    if (what === "repaired") view.setFact(OWED, 0);
    else if (what === "in") {
      if (inside !== 0) return "two are inside";
      if (view.fact(OWED)) return "somebody died inside, and nothing was repaired";
      view.setFact(INSIDE, 1 << party);
    } else if (what === "differ") return `inside the numbers differ by ${value}`;
    else if (what === "out") view.setFact(INSIDE, 0);
    return undefined;
  },
  died(view: View, party: number): void {
    view.setFact(INSIDE, view.fact(INSIDE) & ~(1 << party));
    if (view.word(OWNER) === ownerOf(party)) view.setFact(OWED, 1);
  },
};

function make(party: Party, { Holding, Waiters, Guard, parker }: Production) {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party), party.index);
    const words = holding.words;
    const waiters = new Waiters(holding, WAITERS, 0);
    const repair = (): void => {
      party.note("repairs");
      words.poke(SECOND, words.peek(FIRST));
      party.note("repaired");
    };
    const guard = new Guard(holding, BODY, repair, () => waiters.wakeAll(), 1);
    return { words, holding, waiters, guard, parker: parker() };
  });
  party.knows(made);
  return made;
}

/** Both numbers go up by one, one after the other. */
function countUp(party: Party, words: Words): void {
  party.note("in");
  const [first, second] = [words.peek(FIRST), words.peek(SECOND)];
  if (first !== second) party.note("differ", first - second);
  words.poke(FIRST, first + 1);
  words.poke(SECOND, second + 1);
  party.note("out");
}

/** Calls that cannot wait: they nap until they are in. */
const napping =
  (rounds: number) =>
  (party: Party, production: Production): void => {
    const { words, guard } = make(party, production);
    for (let round = 0; round < rounds; round++) {
      party.begins(`round ${round}`);
      guard.with(() => countUp(party, words));
    }
  };

/** Calls that may wait: they sleep, and are woken when it is free. `looksFirst`: they try before they arm. */
const waiting =
  (rounds: number, looksFirst = true) =>
  (party: Party, production: Production): void => {
    const { words, guard, waiters, parker } = make(party, production);
    let looks = looksFirst;
    const attempt = (): boolean => {
      const isFirst = !looks;
      looks = true;
      if (isFirst || !guard.tryEnter()) return false;
      countUp(party, words);
      guard.leave();
      return true;
    };
    const wait: Wait = {
      attempt,
      arm: () => waiters.arm(wait),
      disarm: () => waiters.disarm(wait),
      recheck: () => waiters.arm(wait),
      peers: () => [],
      holdsLoop: true,
    };
    party.knows(wait);
    for (let round = 0; round < rounds; round++) {
      party.begins(`round ${round}`);
      parker.waitSync([wait], Number.POSITIVE_INFINITY);
    }
  };

/** The first one is inside at the beginning and leaves; the other one waits. */
function leaving(party: Party, production: Production): void {
  if (party.index > 0) return waiting(1, false)(party, production);
  const { guard } = make(party, production);
  party.begins("");
  guard.leave();
}

/** The first one is inside at the beginning and leaves, the second passes through, the others wait for it. */
function inTheWay(party: Party, production: Production): void {
  const { guard, words } = make(party, production);
  if (party.index > 1) return waiting(1)(party, production);
  party.begins("");
  if (party.index === 0) {
    guard.leave();
    party.begins("is out");
  }
  guard.with(() => countUp(party, words));
}

const two = { parties: ["A", "B"], names, ...properties };
const three = { parties: ["A", "B", "C"], names, ...properties };
const taken = { initial: { [OWNER]: ownerOf(0) } };
const mayRecheck = { rechecks: "after a death" } as const;

export const guard: readonly Configuration[] = [
  { title: "guard, two that nap, one killed", kills: 1, script: napping(2), ...two },
  { title: "guard, two that nap, weak memory", memory: "pso", script: napping(2), ...two },
  { title: "guard, three that nap, one killed", kills: 1, script: napping(1), ...three },
  { title: "guard, two that wait", script: waiting(1), ...two },
  { title: "guard, two that wait, x86", memory: "tso", script: waiting(1), ...two },
  { title: "guard, two that wait, one killed", kills: 1, script: waiting(1), ...mayRecheck, ...two },
  { title: "guard, two that wait twice", script: waiting(2), ...two },
  { title: "guard, one waits for who leaves", ...taken, script: leaving, ...two },
  { title: "guard, one waits for who leaves, killed", ...taken, kills: 1, script: leaving, ...mayRecheck, ...two },
  { title: "guard, one waits for two that pass", ...taken, script: inTheWay, ...three },
  { title: "guard, three that wait", script: waiting(1), ...three },
  { title: "guard, three that wait, two killed", kills: 2, script: waiting(1), ...mayRecheck, ...three },
];
