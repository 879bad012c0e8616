import { eventHead, eventWaiters } from "#src/sync/event-word.layout.js";
import { NOTIFIED } from "#src/sync/parker.layout.js";
import { waitersHead } from "#src/sync/waiters.layout.js";
import type { Configuration, View } from "../configuration.js";
import { turnLoop } from "../event-loop.js";
import { BODY, parkerWord, WAITING } from "../ground.js";
import { namesOf } from "../names-of.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const TURNS = BODY + eventHead.word.turns;
const LINE = BODY + eventWaiters;
const WATCHED = LINE + waitersHead.word.watched;
const ticketWord = (seat: number): number => LINE + waitersHead.bytes / 4 + seat;
const isInLine = (view: View, party: number): boolean => view.word(ticketWord(party)) !== 0;

const IS_SET = 0;
const isSet = (view: View): string | undefined => ((view.word(TURNS) & 1) === 1 ? undefined : "it is not set");

const names = {
  [WAITING]: "bits of who waits",
  ...namesOf.words(BODY, eventHead.word),
  ...namesOf.line(LINE),
};

function make(party: Party, { Holding, EventWord, WaitingCalls, parker }: Production) {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party), party.index);
    const event = new EventWord(holding, BODY);
    const calls = new WaitingCalls<InstanceType<Production["EventWait"]>, undefined>((wait) => {
      event.waiters.disarm(wait);
      return undefined;
    });
    return { holding, event, calls, parker: parker() };
  });
  party.knows(made);
  return made;
}

type Made = ReturnType<typeof make>;

/** What a call that waits is, for an event that was clear at `begun`. */
const call = (party: Party, { EventWait }: Production, { event }: Made, begun: number) => ({
  by: party,
  operation: "wait",
  options: undefined,
  make: ({ resolve }: { resolve(result: undefined): void }) =>
    new EventWait(event, begun, true, () => resolve(undefined)),
});

function wait(party: Party, production: Production, made: Made): void {
  const begun = made.event.turns;
  if ((begun & 1) === 0) made.calls.blocking(call(party, production, made, begun));
  party.note("goes on");
}

function waitInLoop(party: Party, production: Production, made: Made): void {
  const begun = made.event.turns;
  if ((begun & 1) === 0) made.calls.inLoop(call(party, production, made, begun)).catch(() => undefined); // stopped
  turnLoop(party, () => made.calls.size === 0);
  party.note("goes on");
}

/** The first party sets it, and clears it at once if it `clears`; the others wait. */
const setForOthers =
  (clears: boolean, inLoop = false) =>
  (party: Party, production: Production): void => {
    const made = make(party, production);
    party.begins("");
    if (party.index > 0) return (inLoop ? waitInLoop : wait)(party, production, made);
    made.event.set();
    if (clears) made.event.clear();
  };

/** The first two set it, one after the other; the third one waits. */
function setTwice(party: Party, production: Production): void {
  const made = make(party, production);
  party.begins("");
  if (party.index === 2) return wait(party, production, made);
  made.event.set();
  party.note("has set it");
}

/** Two set it, one of them clears it and sets it again; the third one waits. */
function setAndClear(party: Party, production: Production): void {
  const made = make(party, production);
  party.begins("");
  if (party.index === 2) return wait(party, production, made);
  made.event.set();
  if (party.index === 0) return;
  made.event.clear();
  party.begins("sets it again");
  made.event.set();
}

const two = { parties: ["setter", "waiter"], names };
const three = { parties: ["setter", "B", "C"], names };
const once = { mayBegin: (view: View, party: number) => party > 0 || isInLine(view, 1) };
const onceBoth = { mayBegin: (view: View, party: number) => party > 0 || (isInLine(view, 1) && isInLine(view, 2)) };

/** What an event is set by is not missed, however soon it is cleared. */
export const events: readonly Configuration[] = [
  { title: "event, one waits", script: setForOthers(false), ...two },
  { title: "event, one waits, x86", memory: "tso", script: setForOthers(false), ...two },
  { title: "event, one waits, cleared at once", script: setForOthers(true), ...two, ...once },
  { title: "event, one waits in its loop, cleared at once", script: setForOthers(true, true), ...two, ...once },
  {
    title: "event, one waits, cleared at once, at the end of the turns",
    script: setForOthers(true),
    ...two,
    ...once,
    initial: { [TURNS]: -2, [LINE + waitersHead.word.lastTicket]: -1 },
  },
  { title: "event, two wait, cleared at once", script: setForOthers(true), ...three, ...onceBoth },
  {
    title: "event, two wait, one of them killed",
    script: setForOthers(true),
    ...three,
    ...onceBoth,
    mayBegin: (view, party) =>
      party > 0 || ((isInLine(view, 1) || view.isDead(1)) && (isInLine(view, 2) || view.isDead(2))),
    kills: 1,
    victims: [1, 2],
  },
  {
    title: "event, set again after its setter was killed",
    parties: ["A", "B", "waiter"],
    names,
    script: setTwice,
    kills: 1,
    victims: [0],
    noted: (view, _party, what) => view.setFact(IS_SET, what === "has set it" ? 1 : view.fact(IS_SET)) as undefined,
    mayBegin: (view, party) => party !== 1 || view.isDead(0) || view.fact(IS_SET) !== 0,
    // not between two halves of a wake, nor between finding nobody in line and looking again
    mayDie: (view) =>
      view.word(TURNS) !== 0 &&
      view.word(parkerWord(2)) !== NOTIFIED &&
      (view.word(WATCHED) !== 0 || !isInLine(view, 2)),
    ended: isSet,
  },
  {
    title: "event, two set it and one clears it",
    parties: ["A", "B", "waiter"],
    names,
    script: setAndClear,
    ended: isSet,
  },
];
