import type { Mail } from "./mail.js";
import type { RingClasses } from "./ring-classes.js";
import { CAPACITY, type RingMemory } from "./ring-memory.js";
import { SendingParty } from "./sending-party.js";

/** Where a ring stands and what lies in it when a run begins. */
export interface StartState {
  readonly title: string;
  /** Puts the memory into this state and gives the numbers of the messages that lie in it. */
  enter(rings: RingClasses, memory: RingMemory, mail: Mail): number[];
}

/** Positions of the next record: at the start, just before the ring's end, just before the ends of 31 and 32 bits. */
export const startPositions: readonly number[] = [
  0,
  CAPACITY - 8,
  CAPACITY - 24,
  ...[2 ** 31, 2 ** 32].flatMap((end) => [1, 2, 3, 50, 511].map((k) => end - 8 * k)),
];

/** Lengths of the messages in a ring of which 48 bytes are free. */
const nearlyFull = [1000, 1016, 0, 1, 500, 600, 861];

const contents: Readonly<Record<string, (sender: SendingParty) => void>> = {
  empty: () => undefined,
  "nearly full": (sender) => void sender.send(...nearlyFull),
  "behind a message that was given up": (sender) => {
    // its first piece comes back to the reader, as if the rest had not fitted
    sender.send(64, CAPACITY);
    sender.cancel();
  },
};

export const startStates: readonly StartState[] = Object.entries(contents).flatMap(([what, fill]) =>
  startPositions.map((position) => ({
    title: `${what} at position ${position}`,
    enter(rings, memory, mail) {
      memory.restart(position);
      const sender = new SendingParty(rings, memory, mail);
      fill(sender);
      return what === "empty" ? [] : what === "nearly full" ? nearlyFull.map((_, index) => index) : [0];
    },
  })),
);
