import { type Reading, reading } from "./payload.js";

/** The messages of the queue benchmark. */
export const queuePayloads = {
  "bytes-64": { label: "64 B bytes", bytes: 64 },
  object: { label: "small object { id, name, ok }", bytes: undefined },
  "bytes-64k": { label: "64 KiB bytes", bytes: 64 * 1024 },
} as const;

export type QueuePayload = keyof typeof queuePayloads;

/** How many producers put and how many consumers get. */
export const shapes = {
  "1-1": { producers: 1, consumers: 1 },
  "4-1": { producers: 4, consumers: 1 },
  "1-4": { producers: 1, consumers: 4 },
  "2-2": { producers: 2, consumers: 2 },
} as const;

export type Shape = keyof typeof shapes;

/** What the programs of the queue benchmark are asked. */
export interface QueueQuestion {
  shape: Shape;
  payload: QueuePayload;
  mode: string;
  /** How long the measured part should last. */
  seconds: number;
}

/**
 * What goes through the queue beside the messages: each producer's last word of a round, and, once all of these have come
 * out of it, a stop for each consumer. Messages of one producer keep their order, so that then nothing is left in it.
 */
export const endMark = -1;
export const stopMark = -2;
export type Mark = typeof endMark | typeof stopMark;

/** Every 64th message is looked at closely; of 64 KiB, 64 bytes that are spread over it. */
const lookEvery = 64;
const patternStart = 4;

/** Of 64 KiB there are only so many different messages, made beforehand: a copy for each would be part of the figure. */
export const largeVariants = 8;

/** What one consumer has got since it was asked last. */
export interface LetterCount {
  count: number;
  /** Sum of the ids. */
  sum: number;
}

/** Makes, tells apart and counts the messages of one payload. */
export interface Letters {
  /** Message `index`; the bytes of one given before may change when `batch` more were asked for. */
  message(index: number): unknown;
  mark(mark: Mark): unknown;
  /** The mark that came instead of a message; undefined for a message, which is checked and counted. */
  take(came: unknown): Mark | undefined;
  /** What was counted since the last call. */
  counted(): LetterCount;
}

/** How many messages are put or got at once where many are. */
export const batch = 256;

export function lettersOf(payload: QueuePayload): Letters {
  return payload === "object" ? objectLetters() : byteLetters(payload);
}

function objectLetters(): Letters {
  const tally = new LetterTally();
  return {
    message: reading,
    mark: (mark) => ({ id: mark, name: "mark", ok: true }),
    take(came) {
      const { id, name, ok } = came as Reading;
      if (id === endMark || id === stopMark) return id;
      tally.add(id);
      if (id % lookEvery === 0) {
        const { name: expected, ok: flag } = reading(id);
        if (name !== expected || ok !== flag) throw new Error(`message ${id} arrived damaged: ${JSON.stringify(came)}`);
      }
      return undefined;
    },
    counted: () => tally.take(),
  };
}

/** Bytes: the first four are the id, the others a pattern. A mark is a single byte. */
function byteLetters(payload: Exclude<QueuePayload, "object">): Letters {
  const length = queuePayloads[payload].bytes;
  const variants = payload === "bytes-64" ? batch : largeVariants;
  const tally = new LetterTally();
  const made = Array.from({ length: variants }, (_, id) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = patternAt(at);
    writeUint32At0(bytes, id);
    return bytes;
  });
  const step = (length - patternStart) / (lookEvery - patternStart);
  return {
    message(index) {
      const bytes = made[index % variants] as Uint8Array;
      if (payload === "bytes-64") writeUint32At0(bytes, index);
      return bytes;
    },
    mark: (mark) => Uint8Array.of(mark & 0xff),
    take(came) {
      const bytes = came as Uint8Array;
      if (bytes.length === 1) return bytes[0] === (endMark & 0xff) ? endMark : stopMark;
      if (bytes.length !== length) {
        throw new Error(`a message arrived with ${bytes.length} bytes instead of ${length}`);
      }
      const id = uint32At0(bytes);
      tally.add(id);
      if (id % lookEvery === 0) {
        for (let at = patternStart; at < length; at += step) {
          const place = Math.floor(at);
          if (bytes[place] !== patternAt(place)) throw new Error(`message ${id} arrived damaged at byte ${place}`);
        }
      }
      return undefined;
    },
    counted: () => tally.take(),
  };
}

function writeUint32At0(bytes: Uint8Array, value: number): void {
  bytes[0] = value;
  bytes[1] = value >>> 8;
  bytes[2] = value >>> 16;
  bytes[3] = value >>> 24;
}

function uint32At0(bytes: Uint8Array): number {
  const [first, second, third, fourth] = [bytes[0] ?? 0, bytes[1] ?? 0, bytes[2] ?? 0, bytes[3] ?? 0];
  return (first | (second << 8) | (third << 16) | (fourth << 24)) >>> 0;
}

const patternAt = (at: number): number => (at * 7) & 0xff;

class LetterTally {
  private count = 0;
  private sum = 0;

  add(id: number): void {
    this.count++;
    this.sum += id;
  }

  take(): LetterCount {
    const { count, sum } = this;
    this.count = this.sum = 0;
    return { count, sum };
  }
}

/** @throws Error if the consumers together have not got exactly the messages 0 to `count` - 1 */
export function checkLetters(payload: QueuePayload, count: number, counted: readonly LetterCount[]): void {
  const got = { count: 0, sum: 0 };
  for (const one of counted) {
    got.count += one.count;
    got.sum += one.sum;
  }
  const sum = payload === "bytes-64k" ? sumOfVariants(count) : sumBelow(count);
  if (got.count !== count || got.sum !== sum) {
    throw new Error(
      `the consumers got ${got.count} messages whose ids sum to ${got.sum}, instead of ${count} and ${sum}`,
    );
  }
}

const sumBelow = (count: number): number => (count * (count - 1)) / 2;

const sumOfVariants = (count: number): number =>
  Math.floor(count / largeVariants) * sumBelow(largeVariants) + sumBelow(count % largeVariants);

/** The part of `count` messages that producer `index` of `producers` puts: from `first` up, `count` of them. */
export interface Portion {
  first: number;
  count: number;
}

export function portion(count: number, index: number, producers: number): Portion {
  const first = Math.floor((count * index) / producers);
  return { first, count: Math.floor((count * (index + 1)) / producers) - first };
}
