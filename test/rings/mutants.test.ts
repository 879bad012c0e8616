import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HostileMemory } from "./hostile-memory.js";
import { checkInterleaving, checkKillsWithin, interleavings } from "./interleave-checks.js";
import { checkReaderKills, checkWriterKills } from "./kill-checks.js";
import { checkAgainstModel } from "./model-check.js";
import { type Mutation, mutatedRings } from "./mutated-rings.js";
import { checkOrder } from "./order-checks.js";
import type { RingClasses } from "./ring-classes.js";
import { RingMemory } from "./ring-memory.js";
import { startPositions, startStates } from "./start-states.js";

const memory = new RingMemory();
const fewStates = startStates.filter((_, index) => index % 4 === 0);

/** The checks of the other files, as small as they still say no to a mutant, each with a fixed seed. */
const checks = {
  order: (rings) => checkOrder(rings, memory, 0),
  "writer killed": (rings) => void checkWriterKills(rings, memory, fewStates),
  "reader killed": (rings) => void checkReaderKills(rings, memory, fewStates),
  interleaved: (rings) => {
    for (const one of interleavings) checkInterleaving(rings, memory, one);
    checkKillsWithin(rings, memory, startPositions.slice(0, 1));
  },
  model: (rings) => checkAgainstModel(rings, memory, 1000, 1),
  hostile: (rings) => void new HostileMemory(rings, memory).run(30_000, 1),
} satisfies Record<string, (rings: RingClasses) => void>;

type Check = keyof typeof checks;

interface Mutant {
  readonly title: string;
  /** These checks must each fail. */
  readonly caughtBy: readonly Check[];
  readonly mutations: readonly Mutation[];
}

const publish = "this.words.store(this.tailWord, this.tail); // publishes: record";
const align = "this.tail = (this.tail + RECORD_HEADER + align(length)) | 0;";
const lookAtTail = "if (this.head === this.tail) { const tail";
const lookAtHead = "const head = this.words.load(this.headWord);";

const mutants: readonly Mutant[] = [
  {
    title: "the tail is stored before the record's header is written",
    caughtBy: ["order", "writer killed", "interleaved"],
    mutations: [
      [
        "record-ring.js",
        "const at = this.base + (this.tail & this.mask); this.bytes.setWord(at, length);",
        "const at = this.base + (this.tail & this.mask); this.words.store(this.tailWord, (this.tail + 8 + align(length)) | 0); this.bytes.setWord(at, length);",
      ],
    ],
  },
  {
    title: "the tail is stored before a piece is copied",
    caughtBy: ["order", "writer killed", "interleaved"],
    mutations: [
      [
        "message-writer.js",
        "bytes.copyIn(offset + prefix, message.bytes, message.written, message.written + piece);",
        "",
      ],
      [
        "message-writer.js",
        "message.begun = true;",
        "bytes.copyIn(offset + prefix, message.bytes, message.written, message.written + piece); message.begun = true;",
      ],
    ],
  },
  {
    title: "the tail is never stored",
    caughtBy: ["order", "writer killed", "reader killed", "model"],
    mutations: [["record-ring.js", publish, ""]],
  },
  {
    title: "staged records are shown at once",
    caughtBy: ["order", "writer killed"],
    mutations: [["record-ring.js", align, `${align} ${publish}\n`]],
  },
  {
    title: "the reader looks at the tail only once",
    caughtBy: ["order", "reader killed", "model"],
    mutations: [["record-ring.js", lookAtTail, lookAtTail.replace("{", "{ if (this.offset !== 0) return false;")]],
  },
  {
    title: "the reader goes on behind the tail without looking",
    caughtBy: ["reader killed", "model"],
    mutations: [["record-ring.js", lookAtTail, lookAtTail.replace(")", " && this.offset === 0)")]],
  },
  {
    title: "the writer looks at the head only once",
    caughtBy: ["order", "writer killed", "model"],
    mutations: [
      [
        "record-ring.js",
        lookAtHead,
        "const head = this.head === this.once ? this.once : this.words.load(this.headWord);",
      ],
      ["record-ring.js", "this.head = head;", "this.head = this.once = head;"],
    ],
  },
  {
    title: "the writer takes everything for read without looking",
    caughtBy: ["order", "writer killed", "model"],
    mutations: [["record-ring.js", lookAtHead, "const head = this.tail;"]],
  },
  {
    title: "the head is stored before the record is read",
    caughtBy: ["order", "reader killed", "interleaved"],
    mutations: [
      ["message-reader.js", "this.inRing = true;", "this.inRing = true; ring.advance();"],
      ["message-reader.js", "this.ring.skip();", ";"],
    ],
  },
  {
    title: "the head is stored before a piece is copied",
    caughtBy: ["order", "reader killed", "interleaved"],
    mutations: [
      ["message-reader.js", "this.source.copyOut(from, to,", "ring.advance(); this.source.copyOut(from, to,"],
      ["message-reader.js", "this.filled += to - from; ring.advance();", "this.filled += to - from;"],
    ],
  },
  {
    title: "the head is never stored",
    caughtBy: ["order", "reader killed", "model"],
    mutations: [["record-ring.js", "this.words.store(this.headWord, this.head); // publishes: space", ""]],
  },
  {
    title: "room is computed with unsigned positions",
    caughtBy: ["writer killed", "model"],
    mutations: [
      [
        "record-ring.js",
        "return this.capacity - ((this.tail - this.head) | 0) - RECORD_HEADER;",
        "return this.capacity - ((this.tail >>> 0) - (this.head >>> 0)) - RECORD_HEADER;",
      ],
    ],
  },
  {
    title: "room is computed with signed positions that do not wrap",
    caughtBy: ["writer killed", "model"],
    mutations: [
      [
        "record-ring.js",
        "return this.capacity - ((this.tail - this.head) | 0) - RECORD_HEADER;",
        "return this.capacity - (this.tail - this.head) - RECORD_HEADER;",
      ],
    ],
  },
  {
    title: "there is a record when the tail is greater than the head",
    caughtBy: ["writer killed", "model"],
    mutations: [["record-ring.js", "if (tail === this.head)", "if (tail <= this.head)"]],
  },
  {
    title: "a record's room does not count its header",
    caughtBy: ["reader killed", "model"],
    mutations: [
      [
        "record-ring.js",
        "(this.tail - this.head) | 0) - RECORD_HEADER; } /** Looks",
        "(this.tail - this.head) | 0); } /** Looks",
      ],
    ],
  },
  {
    title: "the writer takes one multiple of 8 too much for free",
    caughtBy: ["reader killed", "model"],
    mutations: [
      [
        "record-ring.js",
        "if (length > this.room && !(this.look() && length <= this.room))",
        "if (length > this.room + 8 && !(this.look() && length <= this.room))",
      ],
    ],
  },
  {
    title: "the next record does not begin at a multiple of 8",
    caughtBy: ["order", "writer killed", "model"],
    mutations: [["record-ring.js", "const align = (bytes) => (bytes + 7) & ~7;", "const align = (bytes) => bytes;"]],
  },
  {
    title: "the pieces of a message that was given up are kept when the next one begins",
    caughtBy: ["writer killed", "model"],
    mutations: [
      ["message-reader.js", "this.drop(); this.checkTotal(total);", "this.checkTotal(total);"],
      ["message-reader.js", "this.filled = 0; } checkTotal", "} checkTotal"],
    ],
  },
  {
    title: "the pieces of a message that was given up are kept when a whole one comes",
    caughtBy: ["writer killed", "model"],
    mutations: [["message-reader.js", "this.checkTotal(ring.length); this.drop();", "this.checkTotal(ring.length);"]],
  },
  {
    title: "pieces that were taken in are forgotten when the end is handed over",
    caughtBy: ["model"],
    mutations: [["message-reader.js", "if (!this.pieces) return undefined;", "return undefined;"]],
  },
  {
    title: "a message that is whole in memory is forgotten when the end is handed over",
    caughtBy: ["model"],
    mutations: [["message-reader.js", "if (this.filled === this.total) this.complete();", ""]],
  },
  {
    title: "a record's length is not checked",
    caughtBy: ["hostile"],
    mutations: [["record-ring.js", "if (length > ((this.tail - this.head) | 0) - RECORD_HEADER)", "if (false)"]],
  },
  {
    title: "a record's length is read twice, checked once",
    caughtBy: ["hostile"],
    mutations: [["record-ring.js", "this.length = length;", "this.length = this.bytes.word(at);"]],
  },
  {
    title: "the distance of the tail is not checked",
    caughtBy: ["hostile"],
    mutations: [["record-ring.js", 'checkDistance((tail - this.head) | 0, this.capacity, "tail");', ""]],
  },
  {
    title: "the distance of the head is not checked",
    caughtBy: ["hostile"],
    mutations: [["record-ring.js", 'checkDistance((this.tail - head) | 0, (this.tail - this.head) | 0, "head");', ""]],
  },
  {
    title: "more pieces than the message has bytes are taken in",
    caughtBy: ["hostile"],
    mutations: [["message-reader.js", "if (this.filled + (to - from) > this.total || ", "if ("]],
  },
  {
    title: "maxMessage is not checked",
    caughtBy: ["hostile"],
    mutations: [["message-reader.js", "if (total <= this.maxMessage)", "if (true)"]],
  },
  {
    title: "all the memory is taken that a first piece asks for",
    caughtBy: ["hostile"],
    mutations: [["message-reader.js", "Math.min(total, TRUSTED_BYTES)", "total"]],
  },
  {
    title: "a later piece is taken for a first one",
    caughtBy: ["hostile"],
    mutations: [["message-reader.js", "else if (!this.pieces) throw", "else if (false) throw"]],
  },
  {
    title: "what comes along with an end is believed",
    caughtBy: ["hostile"],
    mutations: [["message-reader.js", " || bytes.length > total)", ")"]],
  },
];

describe("the checks of the ring", () => {
  test("smoke: they let a copy without a fault pass", async () => {
    const rings = await mutatedRings();
    for (const check of Object.values(checks)) check(rings);
  });

  for (const { title, caughtBy, mutations } of mutants)
    test(`they notice when ${title}`, async () => {
      const rings = await mutatedRings(...mutations);
      for (const name of caughtBy) assert.throws(() => checks[name](rings), Error, `the check "${name}"`);
    });
});
