import { type Mutant, mutant } from "./mutant.js";

const file = "sync/work-slots.js";
const decide = "return this.words.compareExchange(slot, offered, word(number, state)) === offered;";
const takenBack = "work slots, one message that is taken back";
const killed = "work slots, two messages, the worker killed";
const oneSlot = "work slots, a slot serves two messages, the first one taken back late";

/** Faults in the work slots of a pool. */
export const workSlotsMutants: readonly Mutant[] = [
  mutant("a piece of work is begun or taken back by a load and a store", takenBack, [
    file,
    decide,
    "if (this.words.load(slot) !== offered) return false; this.words.store(slot, word(number, state)); return true;",
  ]),
  mutant("a worker begins what was taken back", takenBack, [
    file,
    "return this.turn(number, WORK_STATES.begun);",
    "this.turn(number, WORK_STATES.begun); return true;",
  ]),
  mutant("a giver takes back what was begun", takenBack, [
    file,
    "return this.turn(number, WORK_STATES.withdrawn);",
    "this.turn(number, WORK_STATES.withdrawn); return true;",
  ]),
  mutant("a giver does not say that it has taken back", takenBack, [
    file,
    "return this.turn(number, WORK_STATES.withdrawn);",
    "return !this.hasBegun(number);",
  ]),
  mutant("a worker does not say that it has begun", killed, [
    file,
    "return this.turn(number, WORK_STATES.begun);",
    "return this.words.load(this.at + (number & (SLOTS - 1))) === word(number, WORK_STATES.offered);",
  ]),
  mutant("a message is not offered", takenBack, [
    file,
    "this.words.store(this.at + (number & (SLOTS - 1)), word(number, WORK_STATES.offered));",
    "",
  ]),
  mutant("a worker is at step 0 only once it has begun", killed, [
    file,
    "this.setStep(0); // before: who is killed in between is at no step of the work before it return this.turn(number, WORK_STATES.begun);",
    "const isBegun = this.turn(number, WORK_STATES.begun); if (isBegun) this.setStep(0); return isBegun;",
  ]),
  mutant("a worker's step stays where it was", killed, [file, "this.words.store(this.at + STEP, step);", ""]),
  mutant("what lies before a dead worker is taken for begun", killed, [
    file,
    "=== word(number, WORK_STATES.begun);",
    "!== word(number, WORK_STATES.withdrawn);",
  ]),
  mutant("what a dead worker had begun is taken for untouched", killed, [
    file,
    "=== word(number, WORK_STATES.begun);",
    "=== -1;",
  ]),
  mutant("a slot does not say whose it is", oneSlot, [file, "(number << 2) | state", "state"]),
  mutant("a slot says only whose place it is", oneSlot, [
    file,
    "(number << 2) | state",
    "((number & (SLOTS - 1)) << 2) | state",
  ]),
  mutant("two messages that are under way have one slot", killed, [
    file,
    "const slot = this.at + (number & (SLOTS - 1));",
    "const slot = this.at;",
  ]),
  mutant("the step lies in the first slot", killed, [
    file,
    "const STEP = SLOTS + workHead.word.step;",
    "const STEP = workHead.word.step;",
  ]),
];
