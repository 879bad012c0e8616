import { Semaphore, SharedValue, task } from "../../index.js";
import { BothAtOnce } from "./both-at-once.js";
import type { Mechanism, Wire } from "./mechanism.js";
import { spawnPeer } from "./spawn-peer.js";

/** What both processes have. */
interface Signals {
  readonly there: Semaphore;
  readonly back: Semaphore;
  /** One permit that both want. */
  readonly wanted: Semaphore;
  readonly command: SharedValue<"i32">;
}

const answerSemaphore = task(import.meta, async function answerSemaphore(signals: Signals): Promise<void> {
  const { there, back } = signals;
  const turns = async (): Promise<void> => {
    for (;;) {
      await there.acquire();
      back.release();
    }
  };
  await Promise.all([taking(signals).serve(), turns()]);
});

/** `Semaphore`: a signal that is answered by another; and two processes that both take and give back the only permit. */
export const semaphoreMechanism: Mechanism = {
  traits: {
    name: "semaphore",
    title: "semaphore",
    carries: "nothing",
    reach: ["machine"],
    survives: "sender",
    hasManyTakers: true,
    blocks: false,
    losesMessages: false,
  },
  async open() {
    const signals: Signals = {
      there: new Semaphore(0, { owned: false }),
      back: new Semaphore(0, { owned: false }),
      wanted: new Semaphore(1),
      command: new SharedValue("i32"),
    };
    return new SemaphoreWire(signals);
  },
};

class SemaphoreWire implements Wire {
  readonly peer;
  private readonly taking: BothAtOnce;

  constructor(private readonly signals: Signals) {
    this.taking = taking(signals);
    this.peer = spawnPeer(answerSemaphore, [signals]);
  }

  async trip(): Promise<boolean> {
    this.signals.there.release();
    await this.signals.back.acquire();
    return true;
  }

  async flood(_bytes: number, count: number): Promise<number> {
    const half = Math.ceil(count / 2);
    await this.taking.run(half);
    return 2 * half;
  }

  async close(): Promise<void> {
    await this.peer.end();
    for (const one of Object.values(this.signals)) one.close();
  }
}

function taking({ wanted, command }: Signals): BothAtOnce {
  return new BothAtOnce(command, async (count) => {
    for (let i = 0; i < count; i++) (await wanted.acquire()).release();
  });
}
