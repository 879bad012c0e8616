import { type Mutant, mutant } from "./mutant.js";
import { workSlotsMutants } from "./work-slots-mutants.js";

const ofPermits: readonly Mutant[] = [
  mutant(
    "a permit is taken out of what is free after the guard is left",
    "semaphore, two parties",
    ["sync/owned-permits.js", "words.poke(this.free, free - 1);", ""],
    [
      "sync/owned-permits.js",
      "this.guard.leave(); if (isThere && claimant",
      "this.guard.leave(); if (isThere) words.poke(this.free, free - 1); if (isThere && claimant",
    ],
  ),
  mutant(
    "a taker looks whether a permit is free before it is in the guard",
    "semaphore, two parties",
    [
      "sync/owned-permits.js",
      "if (words.load(this.free) === 0 ||",
      "const seen = words.load(this.free); if (seen === 0 ||",
    ],
    ["sync/owned-permits.js", "const free = words.peek(this.free);", "const free = seen;"],
  ),
  mutant(
    "a giver looks who waits before it gives",
    "semaphore, two parties",
    [
      "sync/owned-permits.js",
      "this.guard.enter(); const total",
      "const were = this.waiters.areWatched; this.guard.enter(); const total",
    ],
    ["sync/owned-permits.js", "if (isAllowed) this.wake();", "if (isAllowed && were) this.wake();"],
  ),
  mutant("what a dead one holds of a semaphore does not come back", "semaphore, behind a dead holder", [
    "sync/owned-permits.js",
    "this.shares.settleDead();",
    "",
  ]),
  mutant("nobody watches who holds permits", "semaphore, a holder killed while another waits", [
    "sync/owned-permits.js",
    "return this.shares.others();",
    "return [];",
  ]),
  mutant("after a death inside a dead one's permits come back twice", "semaphore, one killed before another comes", [
    "sync/owned-permits.js",
    "else words.store(row + HELD, 0);",
    "",
  ]),
  mutant("after a death inside nobody works out what is free", "semaphore, one killed before another comes", [
    "sync/owned-permits.js",
    "words.store(this.free, words.load(this.total) - held);",
    "",
  ]),
  mutant("who has taken one of several permits does not wake the next", "semaphore, two permits that come at once", [
    "sync/permits.js",
    "permits.passOn();",
    "",
  ]),
  mutant("who gives up at a semaphore wakes nobody in its place", "semaphore, one gives up", [
    "sync/permits.js",
    "this.waiters.wakeOldest(); // it may have been",
    "// it may have been",
  ]),
  mutant("who is served at a semaphore keeps its claim", "semaphore, behind a claimant that is served", [
    "sync/owned-permits.js",
    "if (isThere && claimant === this.seat.self) this.claim.end();",
    "",
  ]),
  mutant("a plain permit is taken by a load and a store", "plain semaphore, two parties", [
    "sync/plain-permits.js",
    "if (words.compareExchange(this.free, free, free - 1) !== free) continue;",
    "words.store(this.free, free - 1);",
  ]),
  mutant("a plain permit is given by a load and a store", "plain semaphore, three parties, two permits", [
    "sync/plain-permits.js",
    "if (words.compareExchange(this.free, free, free + own + extra) === free)",
    "words.store(this.free, free + own + extra);",
  ]),
  mutant(
    "a giver of plain permits looks who waits before it gives",
    "plain semaphore, two parties",
    ["sync/plain-permits.js", "const most =", "const were = this.waiters.areWatched; const most ="],
    ["sync/plain-permits.js", "this.wake(); return true;", "if (were) this.wake(); return true;"],
  ),
  mutant("a plain permit is given by a plain store", "plain semaphore, two parties, x86", [
    "sync/plain-permits.js",
    "if (words.compareExchange(this.free, free, free + own + extra) === free)",
    "words.poke(this.free, free + own + extra);",
  ]),
];

const ofSeats: readonly Mutant[] = [
  mutant("who takes over a seat takes what stands in its row for its own", "semaphore, alone in a dead one's seat", [
    "sync/shares.js",
    "if (found !== 0) this.settle(own);",
    "",
  ]),
  mutant(
    "who takes over a seat leaves the ticket that stands there",
    "waiters, a dead one's seat is taken by one that waits for something else",
    ["sync/waiters.js", "seat.words.store(this.table + seat.index, 0);", ""],
  ),
  mutant(
    "who clears a dead one's bit clears that of who sits there by now",
    "waiters, a dead one's seat is taken again, the oldest told twice",
    ["primitives/holding.js", "if (successor === owner) return;", "return;"],
  ),
  mutant("who gives a bit back does not wake whose it is", "changes, a dead one's seat is taken again", [
    "primitives/holding.js",
    "if (isOwner(successor)) this.wake(successor);",
    "",
  ]),
];

const ofNotices: readonly Mutant[] = [
  mutant("a notifier wakes nobody", "notices, one for each of two", [
    "sync/notices.js",
    "for (const owner of this.told) this.seat.wake(owner);",
    "",
  ]),
  mutant("a notice does not say for whom it is", "notices, one for each of two", [
    "sync/notices.js",
    "if (isUpTo(words.load(row + UP_TO), upTo)) words.store(row + UP_TO, upTo);",
    "",
  ]),
  mutant(
    "a wait takes a notice that came before it began",
    "notices, a later wait does not take the notice of an earlier one",
    [
      "sync/notices.js",
      "words.load(row + GRANTED) > 0 && isUpTo(ticket, words.load(row + UP_TO));",
      "words.load(row + GRANTED) > 0;",
    ],
  ),
  mutant("what a dead one was notified of is lost", "notices, who was notified is killed before it goes on", [
    "sync/notices.js",
    "this.pass(row, upTo); words.store(row + GRANTED, left - 1);",
    "words.store(row + GRANTED, left - 1);",
  ]),
  mutant("nobody watches who was notified", "notices, who was notified is killed before it goes on", [
    "sync/notices.js",
    "return [...watched].filter((owner) => owner !== 0);",
    "return [];",
  ]),
  mutant(
    "a dead one's notice goes to who came after it",
    "notices, who comes after the notice of a dead one that was settled",
    [
      "sync/notices.js",
      "if (one === from || !isUpTo(words.load(one + OLDEST), upTo)) return false; if",
      "if (one === from) return false; if",
    ],
  ),
  mutant("who gives up when it was notified loses the notice", "notices, one gives up", [
    "sync/notices.js",
    "const isGranted = isUpTo(ticket, upTo) &&",
    "const isGranted = false &&",
  ]),
  mutant("after a notifier's death inside nobody is told", "notices, two notify, the first of them killed inside", [
    "sync/notices.js",
    "for (const owner of this.shares.others()) this.told.add(owner);",
    "",
  ]),
  mutant(
    "a dead one's row is nobody's before its notices are passed on",
    "notices, who passes on the notice of a dead one is killed",
    [
      "sync/shares.js",
      "this.rules.settle(row); this.words.store(row, 0);",
      "this.words.store(row, 0); this.rules.settle(row);",
    ],
  ),
  mutant(
    "a notice is taken from a dead one before it is passed on",
    "notices, who passes on the notice of a dead one is killed",
    [
      "sync/notices.js",
      "this.pass(row, upTo); words.store(row + GRANTED, left - 1);",
      "words.store(row + GRANTED, left - 1); this.pass(row, upTo);",
    ],
  ),
  mutant("the one that came last is notified first", "notices, one for each of two", [
    "sync/notices.js",
    "return isUpTo(words.load(one + OLDEST), words.load(other + OLDEST));",
    "return !isUpTo(words.load(one + OLDEST), words.load(other + OLDEST));",
  ]),
];

const ofBarriers: readonly Mutant[] = [
  mutant("a barrier's last party wakes nobody", "barrier, two parties", [
    "sync/rendezvous.js",
    "this.moveOn(); this.guard.leave(); this.waiters.wakeAll(); return isWhole;",
    "this.moveOn(); this.guard.leave(); return isWhole;",
  ]),
  mutant("a barrier's last party wakes the others before it moves the cycle on", "barrier, two parties", [
    "sync/rendezvous.js",
    "if (isWhole) this.moveOn(); this.guard.leave(); this.waiters.wakeAll(); return isWhole;",
    "this.waiters.wakeAll(); if (isWhole) this.moveOn(); this.guard.leave(); return isWhole;",
  ]),
  mutant("a waiter looks whether its cycle was broken before it looks whether that is over", "barrier, made whole", [
    "sync/rendezvous.js",
    "const isOver = words.load(this.cycle) !== cycle; // observes: cycle if (words.load(this.shares.own + BROKEN_CYCLE) === cycle)",
    "const wasBroken = words.load(this.shares.own + BROKEN_CYCLE) === cycle; const isOver = words.load(this.cycle) !== cycle; if (wasBroken)",
  ]),
  mutant("a reset moves the cycle on before it says who was in it", "barrier, made whole", [
    "sync/rendezvous.js",
    "this.breakCycle(); this.moveOn(); words.store(this.broken, 0);",
    "this.moveOn(); this.breakCycle(); words.store(this.broken, 0);",
  ]),
  mutant("nobody watches the parties of a barrier", "barrier, a party killed that others know", [
    "sync/rendezvous.js",
    "return this.shares.others();",
    "return [];",
  ]),
  mutant("a party's death breaks nothing", "barrier, a party killed that others know", [
    "sync/rendezvous.js",
    "settleRow(row) { this.breakCycle();",
    "settleRow(row) {",
  ]),
  mutant("a break that was begun is not finished", "barrier, aborted by one that is killed meanwhile", [
    "sync/rendezvous.js",
    "if (words.load(this.broken) !== 0) this.breakCycle();",
    "",
  ]),
  mutant(
    "the last party does not look whether it was broken meanwhile",
    "barrier, one gives up when the last one comes",
    ["sync/rendezvous.js", "const isWhole = this.endOf(cycle) === undefined;", "const isWhole = true;"],
  ),
  mutant("who comes while the last party is at work is let in", "barrier, two come and one of them is awaited", [
    "sync/rendezvous.js",
    "const isFull = index >= this.parties;",
    "const isFull = false;",
  ]),
  mutant(
    "who arrives does not look again whether its thread's other waits are over",
    "barrier, a function arrives while another one of its thread waits",
    ["sync/rendezvous.js", "const cycle = words.load(this.cycle); takeNote();", "takeNote();"],
    [
      "sync/rendezvous.js",
      "if (words.load(this.cycle) !== cycle) { this.guard.leave();",
      "const cycle = words.load(this.cycle); if (false) { this.guard.leave();",
    ],
  ),
  mutant("who gives up at a barrier does not break it", "barrier, one gives up", [
    "sync/rendezvous.js",
    "if (end === undefined) this.breakCycle();",
    "",
  ]),
];

const ofEvents: readonly Mutant[] = [
  mutant("who sets an event wakes the others before that", "event, one waits", [
    "sync/event-word.js",
    "const found = this.turns; if ((found & 1) === 0)",
    "const found = this.turns; const isWatched = this.waiters.areWatched; this.waiters.wakeAll(); this.waiters = isWatched ? this.waiters : { ...this.waiters, wakeAll() {} }; if ((found & 1) === 0)",
  ]),
  mutant("an event is set by a plain store", "event, one waits, x86", [
    "sync/event-word.js",
    "if ((found & 1) === 0) this.seat.words.compareExchange(this.word, found, (found + 1) | 0);",
    "if ((found & 1) === 0) this.seat.words.poke(this.word, (found + 1) | 0);",
  ]),
  mutant("a waiter looks whether an event is set, and not whether it was", "event, one waits, cleared at once", [
    "sync/event-word.js",
    "if (this.event.turns === this.begun) return false;",
    "if ((this.event.turns & 1) === 0) return false;",
  ]),
  mutant("who finds an event set wakes nobody", "event, set again after its setter was killed", [
    "sync/event-word.js",
    "this.waiters.wakeAll(); // also",
    "if ((found & 1) === 0) this.waiters.wakeAll(); // also",
  ]),
];

const ofReadWriteLocks: readonly Mutant[] = [
  mutant("who takes a read-write lock does not look again inside", "read-write lock, two writers", [
    "sync/read-write-lock.js",
    "const isOurs = this.isFree(access) &&",
    "const isOurs =",
  ]),
  mutant(
    "a writer says that it writes after it has left the guard",
    "read-write lock, two writers",
    ["sync/read-write-lock.js", "words.store(this.writer, this.seat.self);", ""],
    [
      "sync/read-write-lock.js",
      "this.leave(); return isOurs;",
      'this.leave(); if (isOurs && access === "write") words.store(this.writer, this.seat.self); return isOurs;',
    ],
  ),
  mutant("a read-write lock is given back, and nobody is told", "read-write lock, two writers", [
    "sync/read-write-lock.js",
    "words.store(this.writer, 0); // publishes: access } this.tellNext();",
    "words.store(this.writer, 0); }",
  ]),
  mutant("a writer that gives up tells nobody", "read-write lock, a writer gives up before a reader", [
    "sync/read-write-lock.js",
    "this.leaveLine(access, ticket); this.tellNext();",
    "this.leaveLine(access, ticket);",
  ]),
  mutant("a reader overtakes a writer that waits", "read-write lock, a reader comes behind a writer", [
    "sync/read-write-lock.js",
    "(passes || !this.isBehind(access, ticket))",
    "true",
  ]),
  mutant("a writer's death is not noted", "read-write lock, a writer killed while another waits", [
    "sync/read-write-lock.js",
    "words.store(this.abandoned, 1); words.store(this.writer, 0);",
    "words.store(this.writer, 0);",
  ]),
  mutant(
    "a writer's death is not noted after a death inside",
    "read-write lock, two come behind a dead writer, one killed",
    ["sync/read-write-lock.js", "if (this.of(row, WRITES) !== 0) words.store(this.abandoned, 1); for", "for"],
  ),
  mutant("a writer's death is told for ever", "read-write lock, two come behind a dead writer", [
    "sync/read-write-lock.js",
    "words.store(this.abandoned, 0);",
    "",
  ]),
  mutant("nobody watches who holds a read-write lock", "read-write lock, a writer killed while another waits", [
    "sync/read-write-lock.js",
    "return this.lock.shares.others();",
    "return [];",
  ]),
  mutant("a dead one reads for ever", "read-write lock, behind a dead reader", [
    "sync/read-write-lock.js",
    "words.store(this.reads, words.load(this.reads) - this.of(row, READS));",
    "",
  ]),
];

const ofItemsAgain: readonly Mutant[] = [
  mutant("who gives an item back tells nobody", "queue, an item given back to another", [
    "primitives/queue/queue-core.js",
    "this.held.count(-1); }); this.tellReaders(); if (this.isShutDown) this.readers.wakeAll();",
    "this.held.count(-1); });",
  ]),
  mutant("what is given back goes to the end of the line", "queue, one gives an item back and takes it again", [
    "rings/item-store.js",
    "this.order.add(item, true);",
    "this.order.add(item, false);",
  ]),
  mutant("nobody counts how often an item was taken", "queue, an item given back to another", [
    "rings/item-store.js",
    "if (deliveries < MOST_DELIVERIES) this.rows.set(item, word.deliveries, deliveries + 1);",
    "",
  ]),
  mutant(
    "a long item is shown before it is written",
    "queue, a long item taken as soon as it is ready",
    ["primitives/queue/queue-core.js", "this.store.write(item, bytes, 0, length); const isIn", "const isIn"],
    [
      "primitives/queue/queue-core.js",
      "if (!isIn) this.wakeEverybody(); return isIn;",
      "this.store.write(item, bytes, 0, length); if (!isIn) this.wakeEverybody(); return isIn;",
    ],
  ),
  mutant("the blocks of a killed producer do not come back", "queue, behind a dead producer", [
    "rings/item-store.js",
    "if (state === STATES.writing) this.abandon(item);",
    "if (state === STATES.writing) continue;",
  ]),
  mutant("nobody watches who writes a long item", "queue, a producer killed in a long item", [
    "primitives/queue/queue-held.js",
    "if (isOwner(owner)) found.push(owner);",
    "",
  ]),
  mutant("who takes over a seat leaves what its last owner had taken", "queue, a dead one's seat is taken again", [
    "primitives/queue/queue-held.js",
    "words.load(this.held + index) === 0 ? 0 : this.reclaimStore();",
    "0;",
  ]),
  mutant(
    "a taker does not look again after it was in the guard for another reason",
    "queue, one is refused while another takes the last item",
    [
      "primitives/queue/queue-core.js",
      "return this.isOver(own()) ? over : attempt();",
      "return this.isOver(own()) ? over : undefined;",
    ],
  ),
];

/** Faults of what is kept under a guard or beside it: semaphores, conditions, barriers, events, read-write locks, items. */
export const mutantsOfObjects: readonly Mutant[] = [
  ...ofPermits,
  ...ofSeats,
  ...ofNotices,
  ...ofBarriers,
  ...ofEvents,
  ...ofReadWriteLocks,
  ...ofItemsAgain,
  ...workSlotsMutants,
];
