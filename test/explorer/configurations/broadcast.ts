import { broadcastHead, broadcastRecord, ERA_SHIFT, UNIT } from "#src/rings/broadcast-ring.layout.js";
import { guardHead } from "#src/sync/guard.layout.js";
import type { Configuration, View } from "../configuration.js";
import { Bytes } from "../doors/bytes.js";
import { BODY, PAYLOAD, WAITING } from "../ground.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const UNITS = 8;
/** Units of each message: a header and four bytes. */
const LONG = 2;
/** So many messages are in the ring at first, unread. */
const BEFORE = UNITS / LONG;

const HEAD = BODY + guardHead.bytes / 4;
const CURSOR = HEAD + broadcastHead.bytes / 4;
const { word } = broadcastHead;
const wordOf = (message: number, part: keyof typeof broadcastRecord.word | "body"): number =>
  PAYLOAD +
  (((message * LONG) % UNITS) * UNIT) / 4 +
  (part === "body" ? broadcastRecord.bytes / 4 : broadcastRecord.word[part]);
const messages = Array.from({ length: BEFORE }, (_, message) => message);

/** What stands in a message follows from its number. */
const bodyOf = (sequence: number): Uint8Array => Uint8Array.of(sequence + 1, 7, 7, sequence + 1);
const bodyWord = (sequence: number): number => (sequence + 1) * 0x0100_0001 + 0x0007_0700;

const names = {
  [BODY + guardHead.word.owner]: "guard's owner",
  [BODY + guardHead.word.wanted]: "guard's wanted",
  [WAITING]: "bits of who waits",
  [CURSOR]: "reader's cursor",
  ...Object.fromEntries(Object.entries(word).map(([name, at]) => [HEAD + at, name])),
  ...Object.fromEntries(
    messages.flatMap((message) => [
      ...Object.keys(broadcastRecord.word).map((part) => [
        wordOf(message, part as keyof typeof broadcastRecord.word),
        `${part} of message ${message}`,
      ]),
      [wordOf(message, "body"), `body of message ${message}`],
    ]),
  ),
};

/** A full ring: the next message is written over the first one. */
const full = {
  [HEAD + word.head]: BEFORE * LONG,
  [HEAD + word.sequenceLow]: BEFORE,
  [HEAD + word.resume]: (BEFORE - 2) * LONG,
  [HEAD + word.nextResume]: (BEFORE - 1) * LONG,
  ...Object.fromEntries(
    messages.flatMap((message) => [
      [wordOf(message, "bytes"), 4],
      [wordOf(message, "sequenceLow"), message],
      [wordOf(message, "body"), bodyWord(message)],
    ]),
  ),
};

/** The next message leaves the place alone where readers go on that were overtaken. */
const marked = { ...full, [HEAD + word.nextResume]: BEFORE * LONG };

const place = (party: Party) => {
  const segment = segmentOf(party);
  return { words: segment.words, head: HEAD, bytes: new Bytes(new Uint8Array(UNITS * UNIT)) as never, units: UNITS };
};

/** Publishes so many messages, each under the guard. */
function publish(party: Party, { Holding, Guard, BroadcastRing }: Production, count: number): void {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party), party.index);
    const ring = new BroadcastRing(place(party));
    const repair = (): void => {
      ring.repair();
      party.note("repaired");
    };
    return { ring, guard: new Guard(holding, BODY, repair, () => undefined, 1) };
  });
  party.knows(made);
  for (let n = 0; n < count; n++) {
    party.begins(`publishes ${n}`);
    made.guard.with(() => {
      const { sequence } = made.ring;
      made.ring.publish(new Uint8Array(0), bodyOf(sequence), 4, 0, () => undefined);
    });
    party.note("published");
  }
}

/** Looks so often, and notes what it is given. */
function read(party: Party, { BroadcastReader }: Production, looks: number): void {
  const reader = party.setUp(() => {
    const made = new BroadcastReader(place(party), CURSOR, 0);
    made.start(0);
    return made;
  });
  party.knows(reader);
  for (let look = 0; look < looks; look++) {
    party.begins(`looks ${look}`);
    let missed = 0;
    const message = reader.next((count) => {
      missed += count;
    });
    if (!message) continue;
    const { at, length, sequence } = message;
    const isWhole = length === 4 && reader.buffer.subarray(at, at + 4).join() === bodyOf(sequence & 0xff).join();
    party.note(isWhole ? "has" : "torn", sequence);
    party.note("missed", missed);
  }
}

/** Does in a few steps what writers do while the head goes around once: the same positions, other messages. */
function goAround(party: Party): void {
  const { words } = party.setUp(() => place(party));
  party.begins("goes around");
  // at each step a reader finds itself overtaken, or a ring in order
  words.exchange(HEAD + word.tail, 2 ** 30);
  words.store(HEAD + word.resume, -UNITS / 2);
  words.store(HEAD + word.era, 2 ** (32 - ERA_SHIFT));
  words.store(HEAD + word.head, 0);
  words.exchange(HEAD + word.tail, -UNITS);
  words.exchange(HEAD + word.tail, -UNITS / 2);
  for (const message of messages.slice(0, BEFORE / 2)) {
    party.step("plain store", wordOf(message, "sequenceLow"), AROUND + message);
    party.step("plain store", wordOf(message, "body"), bodyWord(AROUND + message) | 0);
  }
  words.store(HEAD + word.head, UNITS / 2);
}

/** The number of the first message that comes after the head has gone around. */
const AROUND = 64;
/** Facts: the number of the next message that a reader expects, whether it has missed any, messages that are published. */
const NEXT = 0;
const MISSED = 1;
const PUBLISHED = 2;

const properties = {
  noted(view: View, _party: number, what: string, value: number): string | undefined {
    if (what === "torn") return `message ${value} is given out torn`;
    if (what === "published") view.setFact(PUBLISHED, view.fact(PUBLISHED) + 1);
    if (what === "has") {
      if (value < view.fact(NEXT)) return `message ${value} is given out behind message ${view.fact(NEXT) - 1}`;
      view.setFact(MISSED, value - view.fact(NEXT));
      view.setFact(NEXT, value + 1);
    }
    if (what === "missed" && value !== view.fact(MISSED))
      return `${value} are said to be missed; ${view.fact(MISSED)} were`;
    return undefined;
  },
  /** Whatever was published has a number of its own, the one after that of the message before it. */
  ended(view: View): string | undefined {
    const [first, end] = [view.word(HEAD + word.tail) / LONG, view.word(HEAD + word.head) / LONG];
    for (let message = first + 1; message < end; message++) {
      const [before, number] = [message - 1, message].map((one) => view.word(wordOf(one, "sequenceLow")));
      if (number !== before + 1) return `message ${number} comes behind message ${before}`;
    }

    const published = view.word(HEAD + word.sequenceLow) - BEFORE;
    if (view.someDied || published === view.fact(PUBLISHED)) return undefined;
    return `${view.fact(PUBLISHED)} messages are published, and numbers say ${published}`;
  },
};

const ring = (title: string, writers: number, count: number, more: Partial<Configuration> = {}): Configuration => ({
  title: `broadcast ring, ${title}`,
  parties: ["writer", "other", "reader"].slice(0, writers).concat("reader"),
  script: (party, production) =>
    party.index < writers ? publish(party, production, count) : read(party, production, LOOKS),
  mostWords: 80,
  initial: full,
  names,
  ...properties,
  ...more,
});

const LOOKS = 3;

export const broadcasts: readonly Configuration[] = [
  ring("one writer overtakes a reader", 1, 2),
  ring("one writer overtakes a reader, x86", 1, 2, { memory: "tso" }),
  ring("one writer overtakes a reader, weak memory", 1, 1, { memory: "pso", initial: marked }),
  ring("two writers overtake a reader", 2, 1),
  ring("two writers overtake a reader, weak memory", 2, 1, { memory: "pso" }),
  ring("two writers, one killed", 2, 2, { kills: 1, victims: [0, 1] }),
  ring("two writers, one killed, and nobody reads", 2, 1, {
    parties: ["writer", "other"],
    kills: 1,
    victims: [0],
  }),
  ring("two writers, one killed, weak memory", 2, 1, { kills: 1, victims: [0, 1], memory: "pso" }),
  ring("a reader is killed", 1, 2, { kills: 1, victims: [1] }),
  ring("an empty one", 1, 2, { initial: {}, ended: () => undefined }),
  ring("an empty one, weak memory", 1, 2, { initial: {}, ended: () => undefined, memory: "pso" }),
  ring("the head goes around while a reader copies", 1, 0, {
    script: (party, production) => (party.index === 0 ? goAround(party) : read(party, production, 1)),
    ended: () => undefined,
  }),
];
