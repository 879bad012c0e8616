/*
 * Kills producers, consumers, creators and cleaners of queues at random moments, stops others, and holds what came out
 * of the queues against what went in.
 *
 * Idea    Several arenas at once, each with a queue, some producers and some consumers: processes, and threads of this
 *         process. Faults befall them, and the killed are replaced. After some dozens of faults the queue is drained and
 *         shut down, all histories are judged (queue-history.ts), and a queue of another kind and size is next. In one
 *         more arena parties make the same few queues again and again, while others sweep.
 * Checks  Besides the histories: everybody comes to an end, nothing is left in the queue, every block of it is free,
 *         its file goes with its last user, no file and no descriptor is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Queue, TimeoutError } from "interproc";
import type { QueueCore } from "#src/primitives/queue/queue-core.js";
import { SeededRandom } from "../rings/seeded-random.js";
import { Arena } from "./arena.js";
import { type FaultOptions, runFaults, type Shared, whenSwept } from "./fault-run.js";
import type { FaultTally } from "./fault-tally.js";
import type { Party } from "./party.js";
import { doingOf, QueueHistory } from "./queue-history.js";
import { kinds, modes, openQueue } from "./queue-roles.js";

const FAULTS_A_QUEUE = 40;
const DRAINING_MS = 20_000;
const finished = new Set(["done", "got", "took", "acked", "nacked"]);

export function killQueues(options: FaultOptions): Promise<FaultTally> {
  let round = 0;
  return runFaults(
    "queue-kill",
    options,
    (shared, seed) => new QueueRound(`q${round++}`, new SeededRandom(seed), shared).run(),
    (shared, seed) => makeAndSweep(new SeededRandom(seed), shared),
  );
}

/** One queue's life. */
class QueueRound {
  private readonly detail: Record<string, number>;

  constructor(
    private readonly name: string,
    private readonly random: SeededRandom,
    private readonly shared: Shared,
  ) {
    this.detail = {
      kind: random.below(kinds.length),
      capacity: 4096 << random.below(6),
      maxItems: random.below(4) === 0 ? 1 + random.below(20) : 0,
      mode: random.pick([modes.atLeastOnce, modes.atLeastOnce, modes.atMostOnce, modes.both]),
    };
  }

  async run(): Promise<void> {
    const { random, shared, name, detail } = this;
    const { tally } = shared;
    const job = { play: "queue", object: name, detail };
    const doing = (party: Party): string => doingOf(party.history);
    const cast = { producer: 1 + random.below(3), consumer: 1 + random.below(3) };
    const arena = new Arena({ ...shared, random, cast, job, doing });
    await sleep(random.below(200)); // often somebody else makes it
    const queue = openQueue(name, detail);
    await arena.rage(FAULTS_A_QUEUE);
    tally.count("queues");
    await this.drain(queue, arena);
    await arena.end();
    const keepsOrder = kinds[detail.kind] !== "Stack";
    const history = new QueueHistory(arena.label, tally, keepsOrder, detail.mode === modes.atMostOnce);
    history.read(arena.all);
    history.judge();
    arena.tellRecovery(finished);
    this.judge(queue, arena.label);
    queue.close();
    await whenSwept(
      (file) => file === name,
      (file) => tally.wrong("files left", `${arena.label}: ${file}`),
    );
    shared.forget(arena.all);
  }

  /** Either the producers end and everything is acknowledged, or the queue is shut down while they put. */
  private async drain(queue: Queue, arena: Arena): Promise<void> {
    if (this.random.below(3) > 0) {
      await arena.finish("producer");
      try {
        await queue.join({ timeout: DRAINING_MS });
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        this.shared.tally.wrong("hung", `${arena.label}: join(), with ${queue.size} ready and ${queue.unacked} taken`);
      }
    }
    queue.shutdown();
  }

  private judge(queue: Queue, label: string): void {
    const { tally } = this.shared;
    const { size, unacked } = queue;
    const { core } = (queue as unknown as { state: { core: QueueCore } }).state;
    const [free, blocks] = core.look((store) => [store.free, store.blocks]);
    if (size !== 0) tally.wrong("wrong end", `${label}: ${size} messages are left, and all consumers have ended`);
    if (unacked !== 0) tally.wrong("wrong count", `${label}: ${unacked} unacknowledged, and nobody has any`);
    if (size === 0 && free !== blocks) tally.wrong("wrong count", `${label}: ${free} of ${blocks} blocks are free`);
  }
}

/** An arena of those who make, find and leave the same few queues, and of those who sweep. */
async function makeAndSweep(random: SeededRandom, shared: Shared): Promise<void> {
  const detail = { kind: 0, capacity: 4096, maxItems: 0 };
  const job = { play: "queue", object: "made", detail };
  const doing = (): string => "at work";
  const arena = new Arena({ ...shared, random, cast: { creator: 2, cleaner: 1 }, job, doing });
  while (shared.take()) {
    await arena.rage(1);
    await sleep(random.below(500));
  }
  await arena.finish("creator");
  await arena.finish("cleaner");
  await arena.end();
  arena.tellRecovery(new Set(["made", "swept"]));
}
