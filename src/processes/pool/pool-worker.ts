/*
 * Pool worker: what a worker of a pool does, in a process or in a thread.
 *
 * Idea    One after another it takes the messages of its lane in, begins each unless it was withdrawn, and answers. While a
 *         task awaits something, messages go on being taken in, so that a stop reaches it.
 * Order   begun (work-slots.ts), then the first call, then the answer; the answer is in the pipe before the next is begun,
 *         so that at most one piece of work is begun and not answered when this worker is killed.
 * Death   Of the worker: see work-slots.ts and lane.ts. Of the pool's process: a process dies with it; a thread is part of it.
 */
import { carriedOf } from "../../carried.js";
import type { Connection } from "../../channel.js";
import { toldWhere } from "../../codec/told-where.js";
import { StructuredEncoder } from "../../codec.js";
import { diagnostics } from "../../diagnostics.js";
import { CodecError } from "../../errors.js";
import { taskText } from "../../memory/task-text.js";
import { registry } from "../../memory/this-thread.js";
import { Words } from "../../memory/words.js";
import type { SharedArray } from "../../primitives/memory/shared-array.js";
import { describeFailure, type RemoteFailure } from "../../rpc/remote-failure.js";
import { WorkSlots } from "../../sync/work-slots.js";
import { importTask } from "../import-task.js";
import { leaveSignalsToParent } from "../leave-signals-to-parent.js";
import { task } from "../task.js";
import { closeHandles } from "./close-handles.js";
import { RunningTask, setCurrentTask } from "./current-task.js";
import { isPipeGone } from "./is-pipe-gone.js";
import {
  type Failures,
  FROM_WORKER,
  type FromWorker,
  PASSED_EVERY,
  TO_WORKER,
  type ToWorker,
  type WorkerOrder,
} from "./lane.layout.js";

const BATCH = 64;
const encoder = new StructuredEncoder();

type Call = (...args: unknown[]) => unknown;

interface Loaded {
  readonly name: string;
  /** The same for onlookers. */
  readonly shown: Uint8Array;
  readonly call: Call;
}

class PoolWorker {
  private readonly tasks: Loaded[] = [];
  /** Messages that were taken in, with their numbers. */
  private readonly inbox: { readonly number: number; readonly message: ToWorker }[] = [];
  /** How many messages were taken in. */
  private count = 0;
  private passed = 0;
  private isWorking = false;
  private running: { readonly number: number; readonly task: RunningTask } | undefined;
  private readonly ended: Promise<void>;
  private end: () => void = () => undefined;

  constructor(
    private readonly lane: Connection<FromWorker, ToWorker>,
    private readonly slots: WorkSlots,
  ) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  async serve(): Promise<void> {
    void this.takeIn();
    await this.ended;
    this.lane.close();
  }

  /** Takes messages in until there are no more, also while a task awaits something. */
  private async takeIn(): Promise<void> {
    for (;;) {
      try {
        for (const message of await this.lane.recvMany(BATCH)) this.hear(message);
      } catch (error) {
        const { code } = error as { code?: string };
        if (this.lane.closed || code === "ERR_INTERPROC_EOF") return this.end();
        this.hearUndecodable(error);
      }
      if (!this.isWorking) void this.work();
    }
  }

  private hear(message: ToWorker): void {
    const number = this.count++;
    if (message[0] === TO_WORKER.stop) {
      if (this.running?.number === message[1]) this.running.task.stop();
    } else this.inbox.push({ number, message });
  }

  /** A message that cannot be decoded has its place in the order like any other, and is answered in its turn. */
  private hearUndecodable(error: unknown): void {
    const number = this.count++;
    const why = new CodecError(`the arguments cannot be decoded in the worker: ${(error as Error).message}`, {
      cause: error,
    });
    this.inbox.push({ number, message: [TO_WORKER.run, -1, why] });
  }

  private async work(): Promise<void> {
    this.isWorking = true;
    try {
      for (let next = this.inbox.shift(); next; next = this.inbox.shift()) {
        const { number, message } = next;
        if (message[0] === TO_WORKER.end) return this.end();
        if (message[0] === TO_WORKER.load) await this.load(message[1], message[2] as string, message[3] as string);
        else await this.begin(number, message as readonly [number, number, unknown, unknown?]);
      }
    } catch (error) {
      this.end();
      if (!isPipeGone(error, this.lane)) throw error;
    } finally {
      this.isWorking = false;
    }
  }

  private async load(index: number, module: string, name: string): Promise<void> {
    try {
      this.tasks[index] = { name, shown: taskText(name), call: (await importTask({ module, name })) as Call };
    } catch (error) {
      return this.lane.send([FROM_WORKER.loaded, index, describeFailure(error)]);
    }
    return this.lane.send([FROM_WORKER.loaded, index]);
  }

  private async begin(
    number: number,
    [how, index, payload, headers]: readonly [number, number, unknown, unknown?],
  ): Promise<void> {
    if (!this.slots.begin(number)) {
      closeHandles(payload);
      if (++this.passed < PASSED_EVERY) return;
      this.passed = 0;
      return this.lane.send([FROM_WORKER.passed, number]);
    }
    this.passed = 0;
    if (index < 0) return this.lane.send([number, undefined, -1, describeFailure(payload)]);
    const { name, shown, call: plain } = this.tasks[index];
    const call = diagnostics.taskRun.isWatched ? told(name, plain, headers) : plain;
    const isTimed = (how & TO_WORKER.timed) !== 0;
    const from = isTimed ? performance.now() : 0;
    const running = new RunningTask(name);
    this.running = { number, task: running };
    setCurrentTask(running);
    registry().tellTask(shown);
    let value: unknown;
    let failures: RemoteFailure | Failures | undefined;
    const kind = how & ~TO_WORKER.timed;
    if (kind === TO_WORKER.run) {
      try {
        const result = call(...(payload as unknown[]));
        value = isThenable(result) ? await result : result;
      } catch (error) {
        failures = describeFailure(error);
      }
    } else {
      const found: [number, RemoteFailure][] = [];
      value = await this.callEach(call, payload as unknown[], kind === TO_WORKER.spread, found);
      if (found.length > 0) failures = found;
    }
    this.running = undefined;
    setCurrentTask(undefined);
    registry().tellTask(undefined);
    const ms = isTimed ? performance.now() - from : -1;
    try {
      await this.answer(number, value, ms, failures);
    } catch (error) {
      if (isPipeGone(error, this.lane)) throw error;
      await this.answerWithout(
        number,
        kind === TO_WORKER.run ? undefined : (value as unknown[]),
        ms,
        failures as Failures,
        error,
      );
    }
  }

  private async callEach(
    call: Call,
    items: unknown[],
    spreads: boolean,
    failures: [number, RemoteFailure][],
  ): Promise<unknown[]> {
    const values: unknown[] = new Array(items.length);
    for (let index = 0; index < items.length; index++) {
      this.slots.setStep(index);
      try {
        const result = spreads ? call(...(items[index] as unknown[])) : call(items[index]);
        values[index] = isThenable(result) ? await result : result;
      } catch (error) {
        failures.push([index, describeFailure(error)]);
      }
    }
    return values;
  }

  private answer(
    number: number,
    value: unknown,
    ms: number,
    failures: RemoteFailure | Failures | undefined,
  ): Promise<void> {
    if (failures) return this.lane.send([number, value, ms, failures]);
    return this.lane.send(ms >= 0 ? [number, value, ms] : [number, value]);
  }

  /** The answer cannot be sent: each result that cannot is a failure of its call, and of no other. */
  private async answerWithout(
    number: number,
    values: unknown[] | undefined,
    ms: number,
    failures: Failures | undefined,
    error: unknown,
  ): Promise<void> {
    if (!values) return this.answer(number, undefined, ms, describeUnsendable(error));
    const found = [...(failures ?? [])];
    const bad = (index: number, why: unknown): void => {
      values[index] = undefined;
      found.push([index, describeUnsendable(why)]);
    };
    values.forEach((value, index) => {
      try {
        encoder.encode(value);
      } catch (why) {
        bad(index, why);
      }
    });
    if (found.length === (failures?.length ?? 0)) for (const index of values.keys()) bad(index, error); // too long, all together
    await this.answer(number, values, ms, found);
  }
}

/** The task, of each call of which subscribers are told. */
const told =
  (task: string, call: Call, headers: unknown): Call =>
  (...args) =>
    diagnostics.taskRun.trace({ task, headers: carriedOf(headers) }, () => call(...args));

function describeUnsendable(error: unknown): RemoteFailure {
  const failure = describeFailure(toldWhere(error, "value[1]", "value"));
  return { ...failure, message: `the task's result cannot be sent: ${failure.message}` };
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

/** Serves a pool until it says that nothing more comes, or ends. */
export async function serveLane(
  lane: Connection<FromWorker, ToWorker>,
  slots: SharedArray<"i32">,
  order: WorkerOrder,
  initArgs: readonly unknown[],
): Promise<void> {
  lane.ref();
  registry().tellTask(undefined); // that it serves a pool is no news
  try {
    if (order.initializer) await (await importTask(order.initializer))(...(initArgs as never[]));
  } catch (error) {
    await lane.send([FROM_WORKER.ready, describeFailure(error)]);
    return lane.close();
  }
  await lane.send([FROM_WORKER.ready]);
  await new PoolWorker(lane, new WorkSlots(new Words(slots.view))).serve();
  slots.close();
}

/** What a worker process runs. */
export const poolWorker = task(import.meta, "poolWorker", (...given: Parameters<typeof serveLane>) => {
  leaveSignalsToParent();
  return serveLane(...given);
});
