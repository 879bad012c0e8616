import { mapMutants } from "./map-mutants.js";
import { type Mutant, mutant } from "./mutant.js";
import { topicMutants } from "./topic-mutants.js";

const asleep = "const before = registry.words.exchange(word, ASLEEP_IN_CALL);";
const lastLook = "for (const wait of waits) if (wait.attempt()) return true; for (const wait of waits) if (!this.watch";
const watch = "for (const wait of waits) if (!this.watch";

const parker: readonly Mutant[] = [
  mutant("a sleeper does not look again once it has said that it sleeps", "changes, one waits", [
    "sync/parker.js",
    lastLook,
    watch,
  ]),
  mutant(
    "a sleeper says that it sleeps after its last look",
    "changes, one waits",
    ["sync/parker.js", asleep, "const before = registry.words.exchange(word, AWAKE);"],
    [
      "sync/parker.js",
      "const from = now(); const timeout",
      "registry.words.store(word, ASLEEP_IN_CALL); const from = now(); const timeout",
    ],
  ),
  mutant("a sleeper says that it sleeps by a plain store", "changes, one waits, x86", [
    "sync/parker.js",
    asleep,
    "const before = registry.words.load(word); registry.words.poke(word, ASLEEP_IN_CALL);",
  ]),
  mutant(
    "a sleeper arms its waits after its last look",
    "changes, one waits",
    ["sync/parker.js", "for (const wait of waits) wait.arm(); return this.sleep", "return this.sleep"],
    [
      "sync/parker.js",
      "const from = now(); const timeout",
      "for (const wait of waits) wait.arm(); const from = now(); const timeout",
    ],
  ),
  mutant("a waker does not write into the parker word", "changes, one waits", [
    "sync/parker.js",
    "const before = registry.words.exchange(parker, NOTIFIED);",
    "const before = state;",
  ]),
  mutant("a waker writes into the parker word and wakes nobody", "changes, one waits", [
    "sync/parker.js",
    "if (before === ASLEEP_IN_CALL) addon().futexWake(registry.buffer, parker * 4, 1); else if",
    "if",
  ]),
  mutant("a waker puts no byte into the FIFO of who sleeps in its loop", "lock, two parties, in their loops", [
    "sync/parker.js",
    "else if (before === ASLEEP_IN_LOOP) this.peers.poke(owner);",
    "",
  ]),
  mutant("who goes to sleep in its loop does not look again", "lock, two parties, in their loops", [
    "sync/parker.js",
    "if (this.attemptAll()) { if",
    "if (false) { if",
  ]),
  mutant("who goes to sleep in its loop looks before it says so", "lock, two parties, in their loops", [
    "sync/parker.js",
    'this.mode = "asleep"; this.asleepSince = now(); for (const wait of this.waits) {',
    'this.mode = "asleep"; if (this.attemptAll()) return this.rest(); this.attemptAll = () => false; for (const wait of this.waits) {',
  ]),
  mutant(
    "nobody has the death of those told that it waits for",
    "waiters, one thing is passed on, the one before killed while it waits",
    ["sync/parker.js", "if (this.peers.watch(owner)) continue;", "continue;"],
  ),
  mutant("a sleep has no bound", "lock, two parties, one killed", [
    "sync/parker.js",
    "ASLEEP_IN_CALL, timeout)",
    "ASLEEP_IN_CALL, Infinity)",
  ]),
];

const line: readonly Mutant[] = [
  mutant("a waiter does not set watched", "waiters, one is told", [
    "sync/waiters.js",
    "seat.words.store(this.watched, 1); // publishes: waiting",
    "",
  ]),
  mutant("a waiter shows its ticket after it has set watched", "lock, two parties, twice", [
    "sync/waiters.js",
    "this.show(); seat.words.store(this.watched, 1); // publishes: waiting",
    "seat.words.store(this.watched, 1); this.show();",
  ]),
  mutant("a waiter sets its bit after it has set watched", "waiters, one is told twice", [
    "sync/waiters.js",
    "seat.armed(this.waitsFor); } else seat.announce(); this.show(); seat.words.store(this.watched, 1);",
    "} this.show(); seat.words.store(this.watched, 1); seat.announce();",
  ]),
  mutant("who tells the oldest does not look again after watched 0", "waiters, the oldest is told", [
    "sync/waiters.js",
    "if (this.oldest() < 0) return; words.store(this.watched, 1); continue;",
    "return;",
  ]),
  mutant("who tells all does not look again after watched 0", "waiters, one is told twice", [
    "sync/waiters.js",
    "if (this.oldest() < 0) return; seat.words.store(this.watched, 1); this.wakeAll();",
    "",
  ]),
  mutant(
    "nobody watches who comes before it",
    "waiters, one thing is passed on, the one before killed while it waits",
    ["sync/waiters.js", "const owner = index < 0 ? 0 : this.seat.ownerAt(index);", "const owner = 0;"],
  ),
  mutant("nobody passes over the dead one before it", "waiters, told again behind one killed awake", [
    "sync/waiters.js",
    "for (let index = this.before(); index >= 0; index = this.before()) {",
    "for (const index of []) {",
  ]),
  mutant("who waits no more keeps its ticket and its bit", "lock, two parties, twice", [
    "sync/waiters.js",
    "if (!this.tickets.delete(wait)) return; this.show(); this.seat.disarmed();",
    "this.tickets.delete(wait);",
  ]),
  mutant("ticket 0 is drawn", "waiters, one is told, at the end of the tickets", [
    "sync/waiters.js",
    "return ticket === 0 ? this.draw() : ticket;",
    "return ticket;",
  ]),
];

const locks: readonly Mutant[] = [
  mutant("the lock is given back by a plain store", "lock, two parties, x86", [
    "sync/owner-lock.js",
    "words.store(this.holder, 0);",
    "words.poke(this.holder, 0);",
  ]),
  mutant("the lock is taken by a load and a store", "lock, two parties", [
    "sync/owner-lock.js",
    "if (words.compareExchange(this.holder, 0, self) !== 0) return false;",
    "if (words.load(this.holder) !== 0) return false; words.store(this.holder, self);",
  ]),
  mutant("a releaser wakes nobody", "lock, two parties", [
    "sync/owner-lock.js",
    "if (!this.waiters.areWatched) return;",
    "return;",
  ]),
  mutant(
    "a releaser looks whether it is watched before it gives the lock back",
    "lock, two parties",
    [
      "sync/owner-lock.js",
      "words.store(this.holder, 0);",
      "const were = this.waiters.areWatched; words.store(this.holder, 0);",
    ],
    ["sync/owner-lock.js", "if (!this.waiters.areWatched) return;", "if (!were) return;"],
  ),
  mutant("a holder is taken for dead without asking", "lock, two parties", [
    "sync/owner-lock.js",
    "else if (found !== self && !this.seat.isAlive(found)) {",
    "else if (found !== self) {",
  ]),
  mutant("a dead holder's lock is taken over by a store", "lock, three parties, one killed", [
    "sync/owner-lock.js",
    "if (words.compareExchange(this.holder, found, self) !== found) return;",
    "words.store(this.holder, self);",
  ]),
  mutant("nobody looks whether the holder is dead", "lock, two parties, one killed", [
    "sync/owner-lock.js",
    "else if (found !== self && !this.seat.isAlive(found)) {",
    "else if (false) {",
  ]),
  mutant("who takes over does not say so", "lock, two parties, one killed", [
    "sync/owner-lock.js",
    "this.wasAbandoned = true;",
    "this.wasAbandoned = false;",
  ]),
  mutant("abandoned is not written", "lock, two parties, one killed, handed on", [
    "sync/owner-lock.js",
    "words.store(this.abandonedWord, 1);",
    "",
  ]),
  mutant("abandoned is never taken back", "lock, two parties, twice, one killed", [
    "sync/owner-lock.js",
    "if (isWhole && this.wasAbandoned)",
    "if (false)",
  ]),
  mutant(
    "a dead claimant keeps its claim",
    "lock, a claimant killed before another comes",
    ["sync/claim.js", "if (at - this.doubtedSince < CLAIM_MS && this.seat.isAlive(claimant))", "if (true)"],
    ["sync/claim.js", "(found !== this.self && !this.seat.isAlive(found))", "false"],
  ),
  mutant("a claimant that is served keeps its claim", "lock, taken again behind another, starving", [
    "sync/owner-lock.js",
    "if (claimant === self) this.claim.end();",
    "",
  ]),
  mutant("who gives up wakes nobody in its place", "lock, three parties, one gives up", [
    "sync/owner-lock.js",
    "this.waiters.wakeOldest(); // it may have been",
    "// it may have been",
  ]),
];

const guards: readonly Mutant[] = [
  mutant("nothing is repaired after a death inside", "guard, two that nap, one killed", [
    "sync/guard.js",
    "this.repairFor(found); return true;",
    "return true;",
  ]),
  mutant("the guard is taken by a load and a store", "guard, two that wait", [
    "sync/guard.js",
    "words.load(this.owner) === 0 && words.compareExchange(this.owner, 0, self) === 0)",
    "words.load(this.owner) === 0 && (words.store(this.owner, self), true))",
  ]),
  mutant("a dead one's place is taken by a store", "guard, three that nap, one killed", [
    "sync/guard.js",
    "words.compareExchange(this.owner, found, self) === found)",
    "(words.store(this.owner, self), true))",
  ]),
  mutant("a comer does not look again once it has said that it waits", "guard, one waits for who leaves", [
    "sync/guard.js",
    "words.store(this.wanted, 1); return words.compareExchange(this.owner, 0, self) === 0;",
    "words.store(this.wanted, 1); return false;",
  ]),
  mutant("a comer says that it waits after its last look", "guard, one waits for who leaves", [
    "sync/guard.js",
    "words.store(this.wanted, 1); return words.compareExchange(this.owner, 0, self) === 0;",
    "if (words.compareExchange(this.owner, 0, self) === 0) return true; words.store(this.wanted, 1); return false;",
  ]),
  mutant(
    "a leaver looks who waits before it leaves",
    "guard, two that wait",
    [
      "sync/guard.js",
      "words.store(this.owner, 0);",
      "const wanted = words.load(this.wanted); words.store(this.owner, 0);",
    ],
    ["sync/guard.js", "if (words.load(this.wanted) === 0) return;", "if (wanted === 0) return;"],
  ),
  mutant("a leaver takes back that somebody waits after it has woken them", "guard, one waits for two that pass", [
    "sync/guard.js",
    "words.store(this.wanted, 0); this.wakeAll();",
    "this.wakeAll(); words.store(this.wanted, 0);",
  ]),
  mutant("the guard is left by a plain store, and the wake-up is lost", "guard, two that wait, x86", [
    "sync/guard.js",
    "words.store(this.owner, 0);",
    "words.poke(this.owner, 0);",
  ]),
  mutant("the guard is left by a plain store, and words are seen half changed", "guard, two that nap, weak memory", [
    "sync/guard.js",
    "words.store(this.owner, 0);",
    "words.poke(this.owner, 0);",
  ]),
];

const publish = "this.words.store(this.tailWord, this.tail); // publishes: record";

const rings: readonly Mutant[] = [
  mutant("the tail is moved before the record is written", "pipe, small messages", [
    "rings/message-writer.js",
    "fill(offset, bytes) {",
    "fill(offset, bytes) { this.ring.words.store(this.ring.tailWord, this.ring.tail + 8 + ((bytes.length + 7) & ~7));",
  ]),
  mutant("the tail is moved by a plain store, and the record comes after it", "pipe, small messages, weak memory", [
    "rings/record-ring.js",
    publish,
    publish.replace("store", "poke"),
  ]),
  mutant("the tail is moved by a plain store, and the wake-up is lost", "pipe, small messages, x86", [
    "rings/record-ring.js",
    publish,
    publish.replace("store", "poke"),
  ]),
  mutant("a message's room is given back before it is read", "pipe, a full ring", [
    "rings/message-reader.js",
    "this.inRing = true;",
    "this.inRing = true; ring.words.store(ring.headWord, ring.head + 8 + ((ring.length + 7) & ~7));",
  ]),
  mutant("the head is moved by a plain store", "pipe, a full ring taken together, x86", [
    "rings/record-ring.js",
    "this.words.store(this.headWord, this.head); // publishes: space",
    "this.words.poke(this.headWord, this.head);",
  ]),
  mutant("a sender wakes nobody", "pipe, small messages", [
    "primitives/pipe/pipe-link.js",
    "wakeReader() { if",
    "wakeReader() { return; if",
  ]),
  mutant("an end does not say that it waits", "pipe, small messages", [
    "primitives/pipe/pipe-link.js",
    "words.or(this.waitingWord, forSpace ? spaceBit(this.end) : dataBit(this.end));",
    "",
  ]),
  mutant("a receiver never wakes a sender that waits for room", "pipe, a full ring", [
    "primitives/pipe/pipe-receiving.js",
    "if (!link.isWriterWaiting) return;",
    "return;",
  ]),
  mutant("a receiver forgets the wake that it owes", "pipe, a full ring of which one message is taken", [
    "primitives/pipe/pipe-receiving.js",
    "settleDebt() { if (!this.owesWake) return;",
    "settleDebt() { return;",
  ]),
  mutant(
    "the end of file comes before the last messages",
    "pipe, small messages, sender killed",
    [
      "primitives/pipe/pipe-receiving.js",
      "return this.link.isPeerGone && !this.next();",
      "return this.link.isPeerGone;",
    ],
    [
      "primitives/pipe/pipe-receiving.js",
      "return this.next() ? take() : this.endOf(atEnd);",
      "return this.reader.isFound ? take() : this.endOf(atEnd);",
    ],
  ),
];

const ofChanges: readonly Mutant[] = [
  mutant("a waiter says that it waits after watched", "changes, two wait", [
    "primitives/memory/changes.js",
    "this.holding.armed(WAITS.change); this.holding.words.store(this.watched, 1);",
    "this.holding.words.store(this.watched, 1); this.holding.armed(WAITS.change);",
  ]),
  mutant("a writer does not look again after watched 0", "changes, in turns", [
    "primitives/memory/changes.js",
    "if (!this.anyBit()) return; words.store(this.watched, 1); this.wakeAll();",
    "",
  ]),
  mutant("a writer sets watched again only after it has woken", "changes, two writers, watched by somebody who went", [
    "primitives/memory/changes.js",
    "words.store(this.watched, 1); this.wakeAll();",
    "this.wakeAll(); words.store(this.watched, 1);",
  ]),
];

const ofQueues: readonly Mutant[] = [
  mutant("what a dead consumer had taken stays with it", "queue, a consumer killed before another comes", [
    "primitives/queue/queue-held.js",
    "if (dead.length === 0) return 0;",
    "return 0;",
  ]),
  mutant("a producer tells nobody", "queue, as many taken as put", [
    "primitives/queue/queue-core.js",
    "if (isIn) this.tellReaders();",
    "",
  ]),
  mutant("a consumer tells nobody that there is room", "queue, room for one", [
    "primitives/queue/queue-core.js",
    "this.inside(() => this.finishInside(item)); this.tellWriters();",
    "this.inside(() => this.finishInside(item));",
  ]),
  mutant("an item is shown before its bytes are written, outside of the guard", "queue, room for all", [
    "primitives/queue/queue-core.js",
    "if (length <= SHORT) this.store.put(bytes, 0, length, flags, priority);",
    "if (length <= SHORT) { this.store.put(new Uint8Array(length), 0, length, flags, priority); this.leave(); this.store.write(0, bytes, 0, length); this.enter(true); }",
  ]),
];

/** At least one for each ordering and each second look that the essays name. */
export const mutants: readonly Mutant[] = [
  ...parker,
  ...line,
  ...locks,
  ...guards,
  ...rings,
  ...ofChanges,
  ...ofQueues,
  ...topicMutants,
  ...mapMutants,
];
