import assert from "node:assert/strict";
import { AccessGate, Killed } from "./access-gate.js";
import { inContext } from "./in-context.js";
import { Mail } from "./mail.js";
import { readersOwn, writersOwn } from "./ownership.js";
import { ReceivingParty } from "./receiving-party.js";
import type { RingClasses } from "./ring-classes.js";
import type { RingMemory } from "./ring-memory.js";
import { SendingParty } from "./sending-party.js";
import { startPositions } from "./start-states.js";

/** One party's step, with the other one's whole step in the middle of it. */
export interface Interleaving {
  readonly title: string;
  /** Who is interrupted. */
  readonly interrupted: "writer" | "reader";
  /** Lengths of the messages that lie in the ring, and of those that the writer's step sends as far as they fit. */
  readonly before: readonly number[];
  readonly sends: readonly number[];
  /** What may come of it, each of which must come of it somewhere: see {@link outcomeOf}. */
  readonly permitted: readonly string[];
}

/** 32 bytes are free behind these. */
const nearlyFull = [1016, 1016, 1016, 976];

export const interleavings: readonly Interleaving[] = [
  {
    title: "an empty ring, two whole messages are sent, and the reader comes at any access",
    interrupted: "writer",
    before: [],
    sends: [20, 300],
    permitted: ["sent 2, read 0 within and 2 after", "sent 2, read 1 within and 1 after"],
  },
  {
    title: "an empty ring, a message in pieces is sent: the reader takes pieces in, and shows it when it is whole",
    interrupted: "writer",
    before: [],
    sends: [2500],
    permitted: ["sent 1, read 0 within and 1 after"],
  },
  {
    title: "a message longer than the ring goes through while the reader takes pieces in",
    interrupted: "writer",
    before: [],
    sends: [5000],
    permitted: ["sent 0, read 0 within and 0 after", "sent 1, read 0 within and 1 after"],
  },
  {
    title: "a ring without room: what is sent goes in if the reader comes before the writer looks, else not",
    interrupted: "writer",
    before: nearlyFull,
    sends: [100],
    permitted: ["sent 0, read 0 within and 4 after", "sent 1, read 4 within and 1 after"],
  },
  {
    title: "a ring with little room: the first fits, the second only if the reader comes before the writer looks again",
    interrupted: "writer",
    before: nearlyFull,
    sends: [16, 1016],
    permitted: [
      "sent 1, read 0 within and 5 after",
      "sent 2, read 4 within and 2 after",
      "sent 2, read 5 within and 1 after",
    ],
  },
  {
    title: "an empty ring, and the writer comes while the reader looks",
    interrupted: "reader",
    before: [],
    sends: [20, 300],
    permitted: ["sent 2, read 0 within and 2 after", "sent 2, read 2 within and 0 after"],
  },
  {
    title: "a message is there, and another comes while the reader reads it",
    interrupted: "reader",
    before: [40],
    sends: [2500],
    permitted: ["sent 1, read 1 within and 1 after", "sent 1, read 2 within and 0 after"],
  },
  {
    title: "a ring without room, and the writer tries while the reader reads: it finds the room that was given back",
    interrupted: "reader",
    before: nearlyFull,
    sends: [16, 1016, 1016],
    permitted: [
      "sent 1, read 5 within and 0 after",
      "sent 2, read 6 within and 0 after",
      "sent 3, read 7 within and 0 after",
      "sent 3, read 4 within and 3 after",
    ],
  },
  {
    title: "a message in pieces that was stuck goes on while the reader takes its first pieces in",
    interrupted: "reader",
    before: [5000],
    sends: [30],
    permitted: [
      "sent 0, read 0 within and 0 after",
      "sent 2, read 0 within and 2 after",
      "sent 2, read 2 within and 0 after",
    ],
  },
];

/** How many messages the writer's step sent whole, and how many the reader's step and one more behind it have read. */
function outcomeOf(sent: number, within: number, after: number): string {
  return `sent ${sent}, read ${within} within and ${after} after`;
}

/** Runs the other party's step at each access of the interrupted one; gives the number of runs. */
export function checkInterleaving(rings: RingClasses, memory: RingMemory, one: Interleaving): number {
  const seen = new Set<string>();
  let runs = 0;
  for (const position of startPositions) {
    const where = (at: number): string => `${one.title}, at position ${position}, access ${at}`;
    // access 0 never comes: the run that says how many there are
    const accesses = inContext(
      () => where(0),
      () => runOnce(rings, memory, one, position, 0, seen),
    );
    for (let at = 1; at <= accesses; at++, runs++)
      inContext(
        () => where(at),
        () => runOnce(rings, memory, one, position, at, seen),
      );
  }
  const { permitted } = one;
  assert.deepEqual([...seen].sort(), [...permitted].sort(), `${one.title}: outcomes`);
  return runs;
}

function runOnce(
  rings: RingClasses,
  memory: RingMemory,
  { interrupted, before, sends }: Interleaving,
  position: number,
  at: number,
  seen: Set<string>,
): number {
  const mail = new Mail();
  memory.restart(position);
  const writerGate = new AccessGate(writersOwn(memory));
  const readerGate = new AccessGate(readersOwn(memory));
  const sender = new SendingParty(rings, memory, mail, writerGate);
  const reader = new ReceivingParty(rings, memory, mail, readerGate);
  const stuck = sender.send(...before) ? 0 : sender.unsent;
  const letters = sends.map((length) => mail.compose(length));
  const write = (): void => void sender.sendLetters(letters);
  const read = (): void => void reader.drain();

  const gate = interrupted === "writer" ? writerGate : readerGate;
  const ahead = gate.count;
  gate.interludeAt = at > 0 ? ahead + at : 0;
  gate.interlude = interrupted === "writer" ? read : write;
  if (interrupted === "writer") write();
  else read();
  const accesses = gate.count - ahead;
  // where the step had no such access, the other party comes last
  if (at === 0 && interrupted === "reader") write();
  const within = reader.received.length;
  const sent = letters.length + stuck - sender.unsent;
  reader.drain();
  seen.add(outcomeOf(sent, within, reader.received.length - within));

  for (let rounds = 0; sender.unsent > 0; rounds++) {
    assert.ok(rounds < 100, "the writer finds no room");
    sender.goOn();
    reader.drain();
  }
  assert.deepEqual(
    reader.received,
    [...before, ...sends].map((_, number) => number),
    "messages in the order in which they were sent",
  );
  return accesses;
}

/** While one party stands at any of its accesses, the other is killed at any of its own. Gives the number of runs. */
export function checkKillsWithin(rings: RingClasses, memory: RingMemory, positions = startPositions): number {
  let runs = 0;
  for (const position of positions)
    for (const killed of ["writer", "reader"] as const)
      for (let at = 1, isReached = true; isReached; at++)
        for (let killAt = 1, isKilled = true; isKilled && isReached; killAt++, runs++) {
          const where = (): string =>
            `at position ${position}, ${killed} killed at its access ${killAt}, the other at ${at}`;
          ({ isReached, isKilled } = inContext(where, () => killWithin(rings, memory, position, killed, at, killAt)));
        }
  return runs;
}

function killWithin(
  rings: RingClasses,
  memory: RingMemory,
  position: number,
  killed: "writer" | "reader",
  at: number,
  killAt: number,
): { isReached: boolean; isKilled: boolean } {
  const mail = new Mail();
  memory.restart(position);
  const victimGate = new AccessGate(killed === "writer" ? writersOwn(memory) : readersOwn(memory));
  const survivorGate = new AccessGate(killed === "writer" ? readersOwn(memory) : writersOwn(memory));
  const sender = new SendingParty(rings, memory, mail, killed === "writer" ? victimGate : survivorGate);
  const reader = new ReceivingParty(rings, memory, mail, killed === "reader" ? victimGate : survivorGate);
  sender.send(...nearlyFull.slice(0, 2));
  let isReached = false;
  let isKilled = false;
  victimGate.killAt = victimGate.count + killAt;
  survivorGate.interludeAt = survivorGate.count + at;
  survivorGate.interlude = () => {
    isReached = true;
    try {
      if (killed === "writer") sender.send(100, 1500);
      else reader.drain();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      isKilled = true;
    }
  };
  if (killed === "writer") {
    reader.drain();
    survivorGate.interludeAt = 0;
    reader.drain();
    const sent = [0, 1, 2, 3].filter((number) => mail.ends[number] !== undefined);
    assert.deepEqual(reader.received, sent, "messages that came");
    const next = new SendingParty(rings, memory, mail);
    const { number } = mail.compose(0);
    assert.ok(next.send(700), "room for the next writer");
    assert.deepEqual(reader.drain(), [number + 1], "what the next writer sends");
  } else {
    sender.send(16, 900);
    survivorGate.interludeAt = 0;
    const heir = new ReceivingParty(rings, memory, mail);
    heir.drain();
    const all = [...reader.received.slice(0, 4 - heir.received.length), ...heir.received];
    assert.deepEqual(all, [0, 1, 2, 3], "messages of both readers");
    assert.ok(reader.received.length + heir.received.length <= 5, "one message comes again at most");
  }
  return { isReached, isKilled };
}
