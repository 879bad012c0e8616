import { BrokenPipeError, EOFError } from "#src/errors.js";
import { ringControlOffset } from "#src/rings/pipe.layout.js";
import { RING_LINE, ringReaderLine, ringWriterLine } from "#src/rings/record-ring.layout.js";
import type { Configuration, View } from "../configuration.js";
import { turnLoop } from "../event-loop.js";
import { BODY, PAYLOAD, WAITING } from "../ground.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const CAPACITY = 128;
/** End 0 receives, end 1 sends into ring 1. */
const CONTROL = BODY + ringControlOffset(1) / 4;
const names = {
  [WAITING]: "bits of who waits",
  [CONTROL + ringWriterLine.word.tail]: "tail",
  [CONTROL + ringWriterLine.word.wanted]: "wanted",
  [CONTROL + RING_LINE / 4 + ringReaderLine.word.head]: "head",
  ...Object.fromEntries(
    Array.from({ length: CAPACITY / 4 }, (_, word) => [PAYLOAD + word, `byte ${word * 4} of the ring`]),
  ),
};

const RECEIVED = 0;
const SENT = 1;
const AT_END = 2;

/** Message n: as many words as its length says, each saying whose it is and where in it. */
function message(n: number, words: number): Uint8Array {
  const bytes = new Uint8Array(words * 4);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (n + 1) * 16 + (at >> 2);
  return bytes;
}

const isMessage = (value: unknown, n: number, words: number): boolean =>
  value instanceof Uint8Array && Array.from(value).join() === Array.from(message(n, words)).join();

function broken(error: unknown): void {
  throw error;
}

function receiver(party: Party, { PipeLink, PipeReceiving, parker }: Production) {
  const made = party.setUp(() => {
    const link = new PipeLink(segmentOf(party, CAPACITY), 0);
    return { link, receiving: new PipeReceiving(link, 4096, () => "", broken), parker: parker() };
  });
  party.knows(made);
  return made;
}

function transfer(party: Party, production: Production, lengths: readonly number[]): void {
  const { PipeLink, PipeSending, parker } = production;
  if (party.index === 1) {
    const [link, sending] = party.setUp(() => {
      const mine = new PipeLink(segmentOf(party, CAPACITY), 1);
      return [mine, new PipeSending(mine, 4096, () => "", broken)];
    });
    party.knows(link, sending, parker());
    for (const [n, words] of lengths.entries()) {
      party.begins(`sends ${n}`);
      try {
        sending.sendBytesSync(message(n, words), undefined);
      } catch (error) {
        if (error instanceof BrokenPipeError) return party.note("broken");
        throw error;
      }
      party.note("sent");
    }
    return;
  }
  const { receiving } = receiver(party, production);
  for (const [n, words] of lengths.entries()) {
    party.begins(`receives ${n}`);
    try {
      const bytes = receiving.receiveSync(receiving.takeWhole, "recvBytesSync()", undefined);
      if (!isMessage(bytes, n, words)) party.note("corrupt", n);
    } catch (error) {
      if (error instanceof EOFError) return party.note("end of file");
      throw error;
    }
    party.note("received");
  }
}

/** In order, whole, and all that was sent before the sender's death. */
const properties = {
  noted(view: View, _party: number, what: string, value: number): string | undefined {
    if (what === "corrupt") return `message ${value} is not as it was sent`;
    if (what === "sent") view.setFact(SENT, view.fact(SENT) + 1);
    if (what === "received") view.setFact(RECEIVED, view.fact(RECEIVED) + 1);
    if (what === "end of file") {
      if (!view.isDead(1)) return "an end of file, and the sender lives";
      if (view.fact(RECEIVED) < view.fact(SENT)) return "an end of file before what was sent";
      view.setFact(AT_END, 1);
    }
    if (what === "broken" && !view.isDead(0)) return "a broken pipe, and the receiver lives";
    return undefined;
  },
};

/** The receiver takes what is there together. */
function receiveTogether(party: Party, production: Production): void {
  if (party.index === 1) return transfer(party, production, filling);
  const { receiving } = receiver(party, production);
  for (let count = 0; count < filling.length; ) {
    party.begins(`has ${count}`);
    const values = receiving.receiveSync(() => receiving.takeMany(filling.length), "recv", undefined);
    for (const value of values) if (!isMessage(value, count++, 6)) party.note("corrupt", count - 1);
  }
}

/** The receiver takes one message, turns its loop and takes no more. */
function receiveOne(party: Party, production: Production): void {
  if (party.index === 1) return transfer(party, production, filling);
  const { receiving } = receiver(party, production);
  party.begins("");
  receiving.receiveSync(receiving.takeWhole, "recvBytesSync()", undefined);
  turnLoop(party, () => party.immediates.length === 0);
}

const pipe = (title: string, lengths: readonly number[], more: Partial<Configuration>): Configuration => ({
  title: `pipe, ${title}`,
  parties: ["receiver", "sender"],
  script: (party, production) => transfer(party, production, lengths),
  names,
  ...properties,
  ...more,
});

/** Words of messages: of which three fill the ring, and one that goes in two pieces. */
const small = [1, 2, 1];
const filling = [6, 6, 6, 6, 6];
const long = [9, 1];

export const pipes: readonly Configuration[] = [
  pipe("small messages", small, {}),
  pipe("small messages, x86", small, { memory: "tso" }),
  pipe("small messages, weak memory", [1, 2], { memory: "pso" }),
  pipe("a full ring", filling, {}),
  pipe("a full ring, x86", filling, { memory: "tso" }),
  pipe("a full ring taken together", filling, { script: receiveTogether }),
  pipe("a full ring taken together, x86", filling, { script: receiveTogether, memory: "tso" }),
  pipe("a full ring of which one message is taken", filling, { script: receiveOne }),
  pipe("a message in pieces", long, {}),
  pipe("a message in pieces, weak memory", long, { memory: "pso" }),
  pipe("small messages, sender killed", small, { kills: 1, victims: [1] }),
  pipe("small messages, sender killed, x86", small, { kills: 1, victims: [1], memory: "tso" }),
  pipe("a full ring, receiver killed", filling, { kills: 1, victims: [0] }),
  pipe("a message in pieces, one killed", long, { kills: 1 }),
];
