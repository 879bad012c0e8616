import { type Mutant, mutant } from "./mutant.js";

const moveTail = "if (tail !== before) this.words.exchange(this.at + word.tail, tail | 0);";
const moveHead = "words.store(at + word.head, after | 0); // publishes: message";
const lookAgain = "if ((eraNow - this.era) >>> 0 > 1 || this.isPast(tail)) return -1;";
const overtaken = "broadcast ring, one writer overtakes a reader";
const waitedFor = "topic, a subscriber is waited for";

/** Faults in the broadcast ring and in the waits of a topic. */
export const topicMutants: readonly Mutant[] = [
  mutant("a writer moves the tail by a plain store", `${overtaken}, weak memory`, [
    "rings/broadcast-ring.js",
    moveTail,
    "if (tail !== before) this.words.poke(this.at + word.tail, tail | 0);",
  ]),
  mutant(
    "a writer moves the tail after it has written over the old messages",
    overtaken,
    ["rings/broadcast-ring.js", moveTail, "this.moved = tail;"],
    ["rings/broadcast-ring.js", moveHead, `words.exchange(at + word.tail, this.moved | 0); ${moveHead}`],
  ),
  mutant(
    "a writer moves the head before the message",
    "broadcast ring, an empty one",
    ["rings/broadcast-ring.js", moveHead, ""],
    [
      "rings/broadcast-ring.js",
      "this.setWord(start + field.bytes, length);",
      "words.store(at + word.head, (head + units) | 0); this.setWord(start + field.bytes, length);",
    ],
  ),
  mutant("a writer moves the head by a plain store", "broadcast ring, an empty one, weak memory", [
    "rings/broadcast-ring.js",
    moveHead,
    "words.poke(at + word.head, after | 0);",
  ]),
  mutant("a reader does not look at the tail again when it has copied", overtaken, [
    "rings/broadcast-reader.js",
    lookAgain,
    "if ((eraNow - this.era) >>> 0 > 1) return -1;",
  ]),
  mutant("a reader looks at the tail before it copies, and not afterwards", overtaken, [
    "rings/broadcast-reader.js",
    "const tail = this.load(word.tail); const eraNow",
    "const tail = this.position; const eraNow",
  ]),
  mutant(
    "a reader knows of no era",
    "broadcast ring, the head goes around while a reader copies",
    ["rings/broadcast-reader.js", "if ((era - this.era) >>> 0 > 1) return -1;", ""],
    ["rings/broadcast-reader.js", lookAgain, "if (this.isPast(tail)) return -1;"],
    [
      "rings/broadcast-reader.js",
      "this.isPast(this.load(word.tail)) || (this.load(word.era) - this.era) >>> 0 > 1",
      "true",
    ],
  ),
  mutant(
    "who comes after a killed writer does not repair the numbers",
    "broadcast ring, two writers, one killed, and nobody reads",
    ["rings/broadcast-ring.js", "if (last >= 0) this.setSequence(", "if (last >= 0) void ("],
  ),
  mutant("a reader's next message has the number of the one before a jump", overtaken, [
    "rings/broadcast-reader.js",
    "if (gap > 0) missed(gap);",
    "",
  ]),
  mutant("a lossless topic is written over what nobody has read", waitedFor, [
    "primitives/topic/topic-core.js",
    "if (this.isLossless && !this.isSafe(unitsOf(key.length, length))) return",
    "if (false) return",
  ]),
  mutant("what was safe once is safe for ever", waitedFor, [
    "primitives/topic/topic-core.js",
    "this.safe = { era, upTo: (head + room) | 0 };",
    "this.safe = { era, upTo: (head + room + ring.units) | 0 };",
  ]),
  mutant("a dead subscriber is not forgotten", "topic, a full one, and its subscriber may be killed", [
    "primitives/topic/subscriber-rows.js",
    "if (this.isGone(this.ownerOf(row)))",
    "if (false)",
  ]),
  mutant("a subscriber that has read on tells no publisher", waitedFor, [
    "primitives/topic/topic-core.js",
    "if (this.writers.areWatched) this.writerWakes",
    "if (false) this.writerWakes",
  ]),
  mutant("a publisher tells no subscriber", waitedFor, [
    "primitives/topic/topic-core.js",
    "if (this.readers.areWatched) this.readerWakes",
    "if (false) this.readerWakes",
  ]),
  mutant(
    "a subscriber's cursor goes on before it has copied",
    waitedFor,
    [
      "rings/broadcast-reader.js",
      "this.words.exchange(this.cursor, this.position | 0); // a full barrier; observes: overwriting const tail",
      "const tail",
    ],
    [
      "rings/broadcast-reader.js",
      "readRing(this.bytes, this.units * UNIT, start, length, this.buffer, 0);",
      "this.words.exchange(this.cursor, head | 0); readRing(this.bytes, this.units * UNIT, start, length, this.buffer, 0);",
    ],
  ),
];
