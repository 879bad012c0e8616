import { TimeoutError } from "#src/errors.js";
import { guardHead } from "#src/sync/guard.layout.js";
import { conditionLock, noticeRow, noticeRows, noticesGuard, noticesHead } from "#src/sync/notices.layout.js";
import { lockHead, lockWaiters } from "#src/sync/owner-lock.layout.js";
import type { Configuration, View } from "../configuration.js";
import { turnLoop } from "../event-loop.js";
import { BODY, changingEntry, LONG_DEAD, ownerOf, WAITING } from "../ground.js";
import { joinEntry } from "../join-entry.js";
import { namesOf } from "../names-of.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const SEATS = 3;
const LAST_TICKET = BODY + noticesHead.word.lastTicket;
const GUARD = BODY + noticesGuard + guardHead.word.owner;
const ROWS = BODY + noticeRows;
const LOCK = BODY + conditionLock(SEATS);
const rowWord = (seat: number, which: keyof typeof noticeRow.word): number =>
  ROWS + (seat * noticeRow.bytes) / 4 + noticeRow.word[which];
/** What is waited for at a condition, guarded by its lock. */
const VALUE = 900;

const names = {
  [WAITING]: "bits of who waits",
  ...namesOf.words(BODY, noticesHead.word),
  ...namesOf.words(BODY + noticesGuard, guardHead.word, "guard's "),
  ...namesOf.rows(ROWS, noticeRow, SEATS),
  ...namesOf.words(LOCK, lockHead.word, "lock's "),
  ...namesOf.line(LOCK + lockWaiters, "lock's "),
  [VALUE]: "value",
};

const waits = (view: View, party: number): boolean => view.word(rowWord(party, "waiting")) > 0;

const NOTIFIED = 0;
const WENT_ON = 1;
const GAVE_UP = 2;
const IS_PASSED_ON = 3;

/** A notice ends one wait, of whoever has waited longest. */
const properties = {
  noted(view: View, party: number, what: string, value: number): string | undefined {
    if (what === "notifies") view.setFact(NOTIFIED, view.fact(NOTIFIED) + value);
    else if (what === "goes on") {
      view.setFact(WENT_ON, view.fact(WENT_ON) + 1);
      if (view.fact(WENT_ON) > view.fact(NOTIFIED)) return "a wait ends that nobody was notified of";
      if (party === 2 && view.fact(NOTIFIED) === 1 && waits(view, 1) && !view.isDead(1))
        return "the notice goes to the one that has waited less long";
    } else view.setFact(GAVE_UP, 1);
    return undefined;
  },
};

type NoticeWait = InstanceType<Production["NoticeWait"]>;

function open({ Holding, Notices, WaitingCalls }: Production, segment: ReturnType<typeof segmentOf>, index: number) {
  const holding = new Holding(segment, index);
  const notices = new Notices(holding, BODY);
  const calls = new WaitingCalls<NoticeWait, undefined>((wait, _isLast, isClosing) =>
    notices.cancel(wait.ticket, isClosing) ? { result: undefined } : undefined,
  );
  return { holding, notices, calls };
}

type Made = ReturnType<typeof open>;

function make(party: Party, production: Production): Made {
  const made = party.setUp(() => open(production, segmentOf(party, 0, SEATS), party.index));
  party.knows(made, production.parker());
  return made;
}

const call = (party: Party, { NoticeWait }: Production, { notices }: Made, ticket: number, timeout?: number) => ({
  by: party,
  operation: "wait",
  options: timeout === undefined ? undefined : { timeout },
  make: ({ resolve }: { resolve(result: undefined): void }) =>
    new NoticeWait(notices, ticket, true, () => resolve(undefined)),
});

function notify(party: Party, { notices }: Made, count = 1): void {
  party.note("notifies", count);
  notices.notify(count);
}

/** The first party notifies as often as there are waiters; each of these waits once. */
function notifyEach(party: Party, production: Production): void {
  const made = make(party, production);
  if (party.index === 0)
    for (let n = 1; n <= 2; n++) {
      party.begins(`notice ${n}`);
      notify(party, made);
    }
  else {
    party.begins("");
    made.calls.blocking(call(party, production, made, made.notices.begin()));
    party.note("goes on");
  }
}

/** The first party notifies one or all; who goes on, notifies the next one. */
const passOn =
  (tell: (party: Party, made: Made) => void, timeout?: number) =>
  (party: Party, production: Production): void => {
    const made = make(party, production);
    party.begins("");
    if (party.index === 0) return tell(party, made);
    try {
      made.calls.blocking(call(party, production, made, made.notices.begin(), party.index === 1 ? timeout : undefined));
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      return party.note("gives up");
    }
    party.note("goes on");
    party.begins("passes on");
    notify(party, made);
  };

const tellOne = (party: Party, made: Made): void => notify(party, made);
function tellAll(party: Party, { notices }: Made): void {
  party.note("notifies", SEATS);
  notices.notifyAll();
}

/** The first two notify, the second one once the first is through or dead; the third one waits. */
function twoNotify(party: Party, production: Production): void {
  const made = make(party, production);
  party.begins("");
  if (party.index === 2) {
    made.calls.blocking(call(party, production, made, made.notices.begin()));
    party.note("goes on");
  } else if (party.index === 0) notify(party, made);
  else tellAll(party, made);
}

/** Two functions of one thread wait in its loop, and another thread; the first party notifies thrice. */
function twoInOneLoop(party: Party, production: Production): void {
  const made = make(party, production);
  if (party.index === 0)
    for (let n = 1; n <= 3; n++) {
      party.begins(`notice ${n}`);
      notify(party, made);
    }
  else if (party.index === 2) {
    party.begins("");
    made.calls.blocking(call(party, production, made, made.notices.begin()));
    party.note("goes on");
  } else {
    party.begins("");
    for (let n = 0; n < 2; n++)
      made.calls.inLoop(call(party, production, made, made.notices.begin())).catch(() => undefined); // stopped
    for (const left of [1, 0]) {
      turnLoop(party, () => made.calls.size <= left);
      party.note("goes on");
    }
  }
}

/** The first one notifies once the second one waits, who came after a notice that was a dead one's. */
function comeLate(party: Party, production: Production): void {
  const made = make(party, production);
  party.begins("");
  if (party.index === 0) return notify(party, made);
  made.calls.blocking(call(party, production, made, made.notices.begin()));
  party.note("goes on");
}

/** The first one passes on the notice of a dead one; the second one, for whom it is, looks whether that was done, or does it. */
function passOnForDead(party: Party, production: Production): void {
  const { notices } = make(party, production);
  party.begins("");
  notices.settle();
  if (party.index === 0) party.note("has passed it on");
  else if (!notices.take(2)) party.note("is lost");
}

/** The first one sits down where somebody sat who was killed after it was notified; the second one waits. */
function inTheDeadOnesSeat(party: Party, production: Production): void {
  const segment = segmentOf(party, 0, SEATS, changingEntry);
  const made = party.index === 0 ? undefined : party.setUp(() => open(production, segment, party.index));
  party.begins("comes");
  const here = made ?? open(production, segment, joinEntry(segment));
  party.knows(here, production.parker());
  const ticket = here.notices.begin();
  if (party.index === 0) here.notices.cancel(ticket, false);
  else {
    here.calls.blocking(call(party, production, here, ticket));
    party.note("goes on");
  }
}

/** With its lock: the others wait until the first one has changed what it guards. */
const untilChanged =
  (inTheEnd: "notify" | "notifyAll") =>
  (party: Party, production: Production): void => {
    const { LockHolding } = production;
    const made = make(party, production);
    const lock = party.setUp(() => LockHolding.of<{ abandoned: boolean }>(made.holding, LOCK));
    party.knows(lock);
    const { words } = made.holding;
    party.begins("");
    const held = lock.acquireSync(party, (abandoned) => ({ abandoned }), "lock", undefined);
    if (party.index === 0) {
      words.poke(VALUE, 1);
      if (inTheEnd === "notify") made.notices.notify(1);
      else made.notices.notifyAll();
    } else
      while (words.peek(VALUE) === 0) {
        const ticket = made.notices.begin();
        const holds = lock.park();
        try {
          made.calls.blocking(call(party, production, made, ticket));
        } finally {
          lock.takeBackSync({ holds, retaken: () => undefined }, party, "lock");
        }
      }
    party.begins("is through");
    lock.release(held, "lock");
  };

/** In the order B, C; then the first party. */
const inOrder = (view: View, party: number): boolean =>
  party === 1 || (waits(view, 1) && (party === 2 || waits(view, 2))) || view.fact(WENT_ON) + view.fact(GAVE_UP) > 0;
const orDead = (view: View, party: number): boolean => inOrder(view, party) || view.isDead(1);

const two = { parties: ["A", "B"], names, ...properties };
const three = { parties: ["A", "B", "C"], names, ...properties };
/** Somebody was notified, and has not gone on; nor will it, if it was killed. */
const notifiedRow = (seat: number, owner: number, upTo: number) => ({
  [LAST_TICKET]: 1,
  [rowWord(seat, "owner")]: owner,
  [rowWord(seat, "waiting")]: 1,
  [rowWord(seat, "granted")]: 1,
  [rowWord(seat, "oldest")]: 1,
  [rowWord(seat, "newest")]: 1,
  [rowWord(seat, "upTo")]: upTo,
});

export const notices: readonly Configuration[] = [
  { title: "condition, one waits for a change", script: untilChanged("notify"), ...two },
  { title: "condition, one waits for a change, x86", memory: "tso", script: untilChanged("notify"), ...two },
  { title: "condition, two wait for a change", script: untilChanged("notifyAll"), ...three },
  { title: "notices, one for each of two", script: notifyEach, mayBegin: inOrder, ...three },
  {
    title: "notices, one for each of two, at the end of the tickets",
    script: notifyEach,
    mayBegin: inOrder,
    ...three,
    initial: { [LAST_TICKET]: -2 },
  },
  { title: "notices, passed on", script: passOn(tellOne), mayBegin: inOrder, ...three },
  { title: "notices, for all", script: passOn(tellAll), mayBegin: inOrder, ...three },
  {
    title: "notices, who was notified is killed before it goes on",
    script: passOn(tellOne),
    mayBegin: orDead,
    kills: 1,
    victims: [1],
    mayDie: (view) => view.word(rowWord(1, "granted")) === 1 && view.word(GUARD) !== ownerOf(0),
    ...three,
  },
  { title: "notices, one gives up", script: passOn(tellOne, 5), mayBegin: inOrder, tickMs: 10, ...three },
  {
    title: "notices, two notify, the first of them killed",
    script: twoNotify,
    kills: 1,
    victims: [0],
    rechecks: "after a death",
    mayBegin: (view, party) =>
      party === 2 || (waits(view, 2) && party === 0) || view.isDead(0) || view.fact(WENT_ON) > 0,
    ...three,
  },
  {
    title: "notices, two notify, the first of them killed inside",
    script: twoNotify,
    kills: 1,
    victims: [0],
    mayDie: (view) => view.word(GUARD) === ownerOf(0),
    mayBegin: (view, party) =>
      party === 2 || (waits(view, 2) && party === 0) || view.isDead(0) || view.fact(WENT_ON) > 0,
    ...three,
  },
  {
    title: "notices, a later wait does not take the notice of an earlier one",
    script: comeLate,
    mayBegin: (view, party) => party === 1 || view.word(rowWord(1, "waiting")) === 2,
    ...two,
    initial: notifiedRow(1, ownerOf(1), 1),
  },
  {
    title: "notices, two functions of one thread",
    script: twoInOneLoop,
    mayBegin: (view, party) => party === 1 || view.word(rowWord(1, "waiting")) === 2 || view.fact(WENT_ON) > 0,
    ...three,
    noted: undefined,
  },
  {
    title: "notices, who comes after the notice of a dead one that was settled",
    script: comeLate,
    mayBegin: (view, party) => party === 1 || (waits(view, 1) && view.word(rowWord(2, "owner")) === 0),
    ...two,
    initial: notifiedRow(2, ownerOf(2), 1),
  },
  {
    title: "notices, who comes after the notice of a dead one",
    script: comeLate,
    mayBegin: (view, party) => party === 1 || waits(view, 1),
    ...two,
    initial: notifiedRow(2, ownerOf(2), 1),
  },
  {
    title: "notices, who passes on the notice of a dead one is killed",
    script: passOnForDead,
    kills: 1,
    victims: [0],
    mayBegin: (view, party) => party === 0 || view.isDead(0) || view.fact(IS_PASSED_ON) !== 0,
    ...two,
    noted: (view, _party, what) =>
      what === "is lost" ? "the notice is lost" : (view.setFact(IS_PASSED_ON, 1) as undefined),
    initial: {
      ...notifiedRow(2, ownerOf(2), 2),
      [LAST_TICKET]: 2,
      [rowWord(1, "owner")]: ownerOf(1),
      [rowWord(1, "waiting")]: 1,
      [rowWord(1, "oldest")]: 2,
      [rowWord(1, "newest")]: 2,
      [rowWord(1, "upTo")]: 1,
    },
  },
  {
    title: "notices, a dead one's seat is taken again",
    script: inTheDeadOnesSeat,
    mayBegin: (view, party) => party === 1 || waits(view, 1),
    ...two,
    noted: undefined,
    initial: {
      ...notifiedRow(0, LONG_DEAD, 5),
      [changingEntry(0)]: LONG_DEAD,
      [changingEntry(1)]: ownerOf(1),
      [WAITING]: 1,
    },
  },
];
