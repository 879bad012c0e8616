import type { Words } from "#src/memory/words.js";
import { SLOTS, WORK_STATES, WORK_WORDS, workHead } from "#src/sync/work-slots.layout.js";
import type { Configuration, View } from "../configuration.js";
import { BODY, ownerOf } from "../ground.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { registryOf } from "../registry.js";

/*
 * The parties: one or two workers, and behind them the giver, who numbers messages, takes some back, reads the answers, and
 * settles what a dead worker had. A pipe is one word, each byte of which is one thing that was sent.
 */

/** Calls of each message. */
const CALLS = 2;
const WORKERS = 2;
const MOST_MESSAGES = 3;
const END = 0xff;
const slotsOf = (worker: number): number => BODY + worker * WORK_WORDS;
const toWorker = (worker: number): number => 900 + worker;
const fromWorker = (worker: number): number => 910 + worker;
/** How many calls of a message were begun, all workers together; how many have ended. */
const begunWord = (message: number): number => 920 + message;
const endedWord = (message: number): number => 930 + message;

interface Plan {
  readonly workers: 1 | 2;
  /** How many messages the first worker is given. */
  readonly messages: number;
  /** Which of them the giver takes back, if it can: for the second worker, or because nobody wants them any more. */
  readonly takesBack: readonly number[];
  /** The number of the first message; the next one is so many later. */
  readonly first?: number;
  readonly stride?: number;
  /** The giver gives a message only once the one before was answered. */
  readonly isSlow?: boolean;
}

const sentOf = (pipe: number, place: number): number => (pipe >>> (place * 8)) & 0xff;

/** Looks at a word until it is to be gone on. */
function until(party: Party, words: Words, word: number, goesOn: (value: number) => boolean): number {
  for (;;) {
    const value = words.load(word);
    if (goesOn(value)) return value;
    party.step("nap", word, 1, value);
  }
}

function work(party: Party, { WorkSlots }: Production, { first = 0, stride = 1 }: Plan): void {
  const { words } = registryOf(party);
  const slots = new WorkSlots(words, slotsOf(party.index));
  let answers = 0;
  let answered = 0;
  for (let place = 0; ; place++) {
    const message = sentOf(
      until(party, words, toWorker(party.index), (pipe) => sentOf(pipe, place) !== 0),
      place,
    );
    if (message === END) return;
    const isBegun = slots.begin(first + place * stride);
    if (isBegun)
      for (let call = 0; call < CALLS; call++) {
        slots.setStep(call);
        words.add(begunWord(message - 1), 1);
        party.note("works", message - 1);
        words.add(endedWord(message - 1), 1);
      }
    // what was withdrawn is passed over, and this is told
    answers |= message << (answered++ * 8);
    words.store(fromWorker(party.index), answers);
  }
}

/** The giver's side of one worker. */
class Given {
  readonly messages: number[] = [];
  readonly withdrawn = new Set<number>();
  private pipe = 0;
  private readonly slots: InstanceType<Production["WorkSlots"]>;
  private readonly words: Words;

  constructor(
    private readonly party: Party,
    { WorkSlots }: Production,
    private readonly plan: Plan,
    private readonly worker: number,
  ) {
    this.words = registryOf(party).words;
    this.slots = new WorkSlots(this.words, slotsOf(worker));
  }

  private numberOf(message: number): number {
    const { first = 0, stride = 1 } = this.plan;
    return first + this.messages.indexOf(message) * stride;
  }

  give(message: number): void {
    this.messages.push(message);
    this.slots.offer(this.numberOf(message));
    this.send(message + 1);
  }

  end(): void {
    this.send(END);
  }

  takeBack(message: number): boolean {
    if (!this.slots.withdraw(this.numberOf(message))) return false;
    this.party.note("takes back", message);
    this.withdrawn.add(message);
    return true;
  }

  /** Waits until it has answered all, or is dead. */
  wait(): "is through" | "is dead" {
    const { party, words } = this;
    const { isAlive } = registryOf(party);
    let isDead = false;
    until(party, words, fromWorker(this.worker), (pipe) => {
      isDead = !isAlive(ownerOf(this.worker));
      return isDead || sentOf(pipe, this.messages.length - 1) !== 0;
    });
    return isDead ? "is dead" : "is through";
  }

  /** Gives what it had not begun, if it is dead. */
  settle(): number[] {
    const { party, words, slots } = this;
    if (this.wait() === "is through") return [];
    const pipe = words.load(fromWorker(this.worker)); // once it is known to be dead
    const answered = new Set([0, 1, 2, 3].map((place) => sentOf(pipe, place) - 1));
    const open = this.messages.filter((message) => !answered.has(message) && !this.withdrawn.has(message));
    const untouched = open.filter((message) => !slots.hasBegun(this.numberOf(message)));
    for (const message of open)
      if (untouched.includes(message)) party.note("finds untouched", message);
      else party.note("finds begun", message * 256 + slots.step);
    return untouched;
  }

  private send(what: number): void {
    const place = [0, 1, 2, 3].find((one) => sentOf(this.pipe, one) === 0) ?? 0;
    this.pipe |= what << (place * 8);
    this.words.store(toWorker(this.worker), this.pipe);
  }
}

function give(party: Party, production: Production, plan: Plan): void {
  const [first, second] = Array.from(
    { length: plan.workers },
    (_, worker) => new Given(party, production, plan, worker),
  );
  const again: number[] = [];
  for (let message = 0; message < plan.messages; message++) {
    if (plan.isSlow && message > 0 && first.wait() === "is dead") party.note("keeps", message);
    else first.give(message);
  }
  for (const message of plan.takesBack) if (first.takeBack(message)) again.push(message);
  for (const message of again) second?.give(message);
  const left = first.settle();
  if (second) for (const message of left) second.give(message);
  else for (const message of left) party.note("keeps", message);
  if (!second) for (const message of again) party.note("keeps", message);
  if (second && second.messages.length > 0) for (const message of second.settle()) party.note("keeps", message);
  first.end();
  second?.end();
}

/** Facts: bits of messages that were taken back, that nobody is to do any more, and that died with a worker; workers that a begun one died with. */
const TAKEN_BACK = 0;
const KEPT = 1;
const LOST = 2;

function bits(value: number): number {
  return value === 0 ? 0 : (value & 1) + bits(value >>> 1);
}

const promises = {
  noted(view: View, party: number, what: string, value: number): string | undefined {
    const set = (fact: number, message: number): void => view.setFact(fact, view.fact(fact) | (1 << message));
    if (what === "works") {
      if (view.word(begunWord(value)) > CALLS) return `message ${value} is worked on twice`;
      if (party === 0 && view.fact(TAKEN_BACK) & (1 << value)) return `message ${value} is begun, and was taken back`;
    } else if (what === "takes back") {
      if (view.fact(TAKEN_BACK) & (1 << value)) return `message ${value} is taken back twice`;
      if (view.word(begunWord(value)) > 0) return `message ${value} is taken back, and was begun`;
      set(TAKEN_BACK, value);
    } else if (what === "keeps") set(KEPT, value);
    else if (what === "finds untouched") {
      if (view.word(begunWord(value)) > 0) return `message ${value} is taken for untouched, and was begun`;
    } else if (what === "finds begun") {
      const [message, step] = [value >> 8, value & 0xff];
      set(LOST, message);
      if (view.word(begunWord(message)) > step + 1) return `a call behind ${step} of message ${message} was begun`;
      if (view.word(endedWord(message)) < step) return `a call before ${step} of message ${message} had not ended`;
      const dead = [0, 1].filter((worker) => view.isDead(worker)).length;
      if (bits(view.fact(LOST)) > dead) return "more than one message is lost with a worker";
    }
    return undefined;
  },
};

/** Every message is done, but for what died with a worker and what nobody wants any more. */
const isAllDone =
  ({ messages }: Plan) =>
  (view: View): string | undefined => {
    for (let message = 0; message < messages; message++) {
      const isDone = view.word(endedWord(message)) === CALLS;
      const isExcused = ((view.fact(KEPT) | view.fact(LOST)) >> message) & 1;
      if (!isDone && !isExcused) return `message ${message} is not done, and nobody knows`;
    }
    return undefined;
  };

const names = Object.fromEntries([
  ...Array.from({ length: WORKERS }, (_, worker) => [
    [slotsOf(worker) + SLOTS + workHead.word.step, `worker ${worker}'s step`],
    [toWorker(worker), `pipe to worker ${worker}`],
    [fromWorker(worker), `pipe from worker ${worker}`],
    ...Array.from({ length: SLOTS }, (_, slot) => [slotsOf(worker) + slot, `worker ${worker}'s slot ${slot}`]),
  ]).flat(),
  ...Array.from({ length: MOST_MESSAGES }, (_, message) => [
    [begunWord(message), `begun calls of message ${message}`],
    [endedWord(message), `ended calls of message ${message}`],
  ]).flat(),
]) as Record<number, string>;

const slots = (title: string, plan: Plan, more: Partial<Configuration> = {}): Configuration => ({
  title: `work slots, ${title}`,
  parties: plan.workers === 1 ? ["worker", "giver"] : ["worker 0", "worker 1", "giver"],
  script: (party, production) =>
    party.index < plan.workers ? work(party, production, plan) : give(party, production, plan),
  names,
  ...promises,
  ended: isAllDone(plan),
  ...more,
});

/** Slots 5 of workers that have served a message 256 before. */
const used = { initial: { [BODY + 5]: (5 << 2) | WORK_STATES.begun, [BODY + SLOTS]: 1 } };
const one = { workers: 1, messages: 1 } as const;
const killed: Partial<Configuration> = { kills: 1, victims: [0] };

export const workSlots: readonly Configuration[] = [
  slots("one message that is taken back", { ...one, takesBack: [0] }),
  slots("one message that is taken back, x86", { ...one, takesBack: [0] }, { memory: "tso" }),
  slots("one message that is taken back, the worker killed", { ...one, takesBack: [0] }, killed),
  slots("two messages, both taken back", { workers: 1, messages: 2, takesBack: [1, 0] }),
  slots("two messages, the worker killed", { workers: 1, messages: 2, takesBack: [] }, killed),
  slots(
    "two messages, the worker killed, weak memory",
    { workers: 1, messages: 2, takesBack: [] },
    {
      ...killed,
      memory: "pso",
    },
  ),
  slots("two messages, one taken back, the worker killed", { workers: 1, messages: 2, takesBack: [1] }, killed),
  slots("three messages, two taken back, the worker killed", { workers: 1, messages: 3, takesBack: [2, 1] }, killed),
  slots("a message is taken back for another worker", { workers: 2, messages: 2, takesBack: [1] }),
  slots(
    "a message is taken back for another worker, one of them killed",
    { workers: 2, messages: 2, takesBack: [1] },
    {
      kills: 1,
      victims: [0, 1],
    },
  ),
  slots(
    "another worker takes over, and is killed as well",
    { workers: 2, messages: 2, takesBack: [] },
    {
      kills: 2,
      victims: [0, 1],
    },
  ),
  slots(
    "a slot serves two messages, the first one taken back late",
    {
      workers: 1,
      messages: 2,
      takesBack: [0],
      first: 5 + SLOTS,
      stride: SLOTS,
      isSlow: true,
    },
    used,
  ),
  slots(
    "a slot serves two messages, the worker killed",
    {
      workers: 1,
      messages: 2,
      takesBack: [0],
      first: 5 + SLOTS,
      stride: SLOTS,
      isSlow: true,
    },
    { ...used, ...killed },
  ),
  slots(
    "numbers that begin anew, the worker killed",
    {
      workers: 1,
      messages: 3,
      takesBack: [1],
      first: 2 ** 30 - 1,
    },
    killed,
  ),
];
