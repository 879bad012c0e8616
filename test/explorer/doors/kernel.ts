// Takes the place of native/addon.js in the code that is explored: kernel calls become steps of the party that runs.
import type { Addon } from "#src/native/addon.js";
import { parkerWord } from "../ground.js";
import { party } from "../party.js";

export * from "#src/native/addon.js";

const FIRST_FD = 100;

const kernel: Partial<Addon> = {
  /** Only doors (FIFOs) of parties are opened; a door's path is the party's number. */
  open: (path) => (party().step("open the door of", Number(path)) === 1 ? FIRST_FD + Number(path) : -6),
  close: () => 0,
  unwatch: () => 0,
  poke: (fd) => party().step("poke", fd - FIRST_FD),
  watchAlarm: (fd) => party().step("watch", fd - FIRST_FD),
  futexWait(_buffer, byteOffset, expected, timeoutMs) {
    const running = party();
    const word = byteOffset / 4;
    return running.step(word === parkerWord(running.index) ? "sleep" : "nap", word, timeoutMs, expected);
  },
  futexWake: (_buffer, byteOffset, count) => party().step("wake", byteOffset / 4, count),
};

export const ownDoor = (): number => FIRST_FD + party().index;

export const addon = (): Addon => kernel as Addon;
