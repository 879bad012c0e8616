import { SharedValue, task } from "../../index.js";
import { BothAtOnce } from "./both-at-once.js";
import type { Mechanism, Wire } from "./mechanism.js";
import { spawnPeer } from "./spawn-peer.js";

/** What both processes have. */
interface Values {
  /** Even: the measuring side's turn; odd: the other one's. */
  readonly turn: SharedValue<"i32">;
  readonly counter: SharedValue<"i32">;
  readonly command: SharedValue<"i32">;
}

const answerValue = task(import.meta, async function answerValue(values: Values): Promise<void> {
  const serving = adding(values).serve();
  const turns = async (): Promise<void> => {
    for (;;) values.turn.value = (await values.turn.waitUntil((value) => (value & 1) === 1)) + 1;
  };
  await Promise.all([serving, turns()]);
});

/** `SharedValue`: a change that the other process waits for and answers by another; and both adding to one counter. */
export const valueMechanism: Mechanism = {
  traits: {
    name: "value",
    title: "value",
    carries: "number",
    reach: ["machine"],
    survives: "sender",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  async open() {
    const values: Values = {
      turn: new SharedValue("i32"),
      counter: new SharedValue("i32"),
      command: new SharedValue("i32"),
    };
    return new ValueWire(values);
  },
};

class ValueWire implements Wire {
  readonly peer;
  private readonly adding: BothAtOnce;
  /** Of the counter, which wraps as the counter does. */
  private expected = 0;

  constructor(private readonly values: Values) {
    this.adding = adding(values);
    this.peer = spawnPeer(answerValue, [values]);
  }

  async trip(): Promise<boolean> {
    const { turn } = this.values;
    const mine = (turn.value + 1) | 0;
    turn.value = mine;
    await turn.waitUntil((value) => value === ((mine + 1) | 0));
    return true;
  }

  async flood(_bytes: number, count: number): Promise<number> {
    const half = Math.ceil(count / 2);
    await this.adding.run(half);
    this.expected = (this.expected + 2 * half) | 0;
    const { value } = this.values.counter;
    if (value !== this.expected) throw new Error(`the counter is ${value} instead of ${this.expected}`);
    return 2 * half;
  }

  async close(): Promise<void> {
    await this.peer.end();
    for (const value of Object.values(this.values)) value.close();
  }
}

function adding({ counter, command }: Values): BothAtOnce {
  return new BothAtOnce(command, (count) => {
    for (let i = 0; i < count; i++) counter.add(1);
  });
}
