/*
 * The roles of a broker's kill run. What each notes:
 *
 * producer   put N COUNT         begins to put COUNT messages from number N on
 *            done N COUNT        they are confirmed        up N COUNT   the call was given up: they may be there or not
 * consumer   get MOST            begins to take and acknowledge up to MOST
 *            got P N             has it                    unsure       the call failed: they may be gone
 *            nothing             the call ended without any
 *            took P N MARK       has it unacknowledged; MARK is 1 when it says that it was handed out before
 *            ack P N, acked P N  before and after          refused P N  the server has it back
 *            nack P N, nacked P N   the same
 *            broken              what came is not what anybody puts
 * both       late MS             a call with a deadline was answered so much after it
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type AsyncMessage, type AsyncQueue, type OpenQueueOptions, openQueue, TimeoutError } from "interproc";
import { monotonicMs } from "./monotonic-ms.js";
import { makeBody, recogniseBody } from "./numbered-body.js";
import type { Stage } from "./stage.js";

/** How the consumers of a queue take; in an ordered one there is one, whose loop is never left. */
export const styles = ["take", "loop", "ordered", "get"] as const;

/** A call with a deadline must be answered then; so much more is the machine's. */
const LATE_MS = 15_000;
const PREFETCH = 8;
const MOST_HELD = 3;
const MOST_GOT = 5;
const PAUSE_MS = 30;

export async function act(stage: Stage): Promise<void> {
  const { role, object, detail } = stage.job;
  const ending = new AbortController();
  process.stdin.once("end", () => ending.abort()).once("error", () => ending.abort());
  const limit = detail.maxDeliveries > 0 ? { maxDeliveries: detail.maxDeliveries } : {};
  const queue = await opened(object, { ...limit, prefetch: PREFETCH });
  stage.begun();
  try {
    if (role === "producer") await new Producer(stage, queue).produce();
    else await new Consumer(stage, queue, ending.signal).consume();
  } finally {
    await queue.close();
  }
}

const isGivenUp = (error: unknown): boolean =>
  error instanceof TimeoutError || (error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name));
const isTakenBack = (error: unknown): boolean =>
  (error as { code?: string }).code === "ERR_INTERPROC_SYSTEM" && (error as { retryable?: boolean }).retryable === true;

/** Opens it, however often that takes: opening fails at once where nobody answers. */
async function opened(url: string, options: OpenQueueOptions): Promise<AsyncQueue> {
  for (;;) {
    try {
      return await openQueue(url, { ...options, timeout: 10_000 });
    } catch (error) {
      if (!isTakenBack(error) && !isGivenUp(error)) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** Does something that has a deadline, and notes when it was kept waiting much longer. */
async function inTime<R>({ history }: Stage, timeout: number, work: Promise<R>): Promise<R> {
  const since = monotonicMs();
  try {
    return await work;
  } finally {
    const over = monotonicMs() - since - timeout;
    if (over > LATE_MS) history.note("late", Math.round(over));
  }
}

const putForms = ["put", "put", "putMany", "put ahead", "put in time", "put aborted", "putMany in time"] as const;

class Producer {
  private next = 0;

  constructor(
    private readonly stage: Stage,
    private readonly queue: AsyncQueue,
  ) {}

  async produce(): Promise<void> {
    const { random } = this.stage;
    while (await this.stage.goesOn()) {
      const form = random.pick(putForms);
      const times = form === "put ahead" ? 1 + random.below(6) : 1;
      const puts = Array.from({ length: times }, () => this.putBy(form));
      for (const put of await Promise.allSettled(puts)) if (put.status === "rejected") throw put.reason;
      await sleep(random.below(PAUSE_MS));
    }
  }

  private async putBy(form: (typeof putForms)[number]): Promise<void> {
    const { queue, stage } = this;
    const { history, random } = stage;
    const count = form.startsWith("putMany") ? 1 + random.below(10) : 1;
    const first = this.next;
    this.next += count;
    const values = Array.from({ length: count }, (_, i) => makeBody(stage.job.number, first + i));
    const timeout = 50 + random.below(1000);
    history.note("put", first, count);
    try {
      if (form === "putMany") await queue.putMany(values);
      else if (form === "putMany in time") await inTime(stage, timeout, queue.putMany(values, { timeout }));
      else if (form === "put in time") await inTime(stage, timeout, queue.put(values[0], { timeout }));
      else if (form === "put aborted")
        await inTime(stage, timeout, queue.put(values[0], { signal: AbortSignal.timeout(timeout) }));
      else await queue.put(values[0]);
      history.note("done", first, count);
    } catch (error) {
      history.note("up", first, count);
      if (!isGivenUp(error)) throw error;
    }
  }
}

const takeForms = ["take", "take", "take for ever", "tryTake"] as const;
const getForms = ["get", "get", "tryGet", "getMany"] as const;

class Consumer {
  private readonly held: { message: AsyncMessage<unknown>; id: [number, number] }[] = [];

  constructor(
    private readonly stage: Stage,
    private readonly queue: AsyncQueue,
    private readonly ending: AbortSignal,
  ) {}

  async consume(): Promise<void> {
    const { random, detail } = this.stage;
    const style = styles[detail.style];
    while (await this.stage.goesOn()) {
      // whoever holds something and waits without end may hold the very message that all wait for
      if (style === "take") await this.take(this.held.length > 0 ? "take" : random.pick(takeForms));
      else if (style === "get") await this.get(random.pick(getForms));
      else await this.loop(style === "ordered");
    }
    await this.settle(0, false);
  }

  private async take(form: (typeof takeForms)[number]): Promise<void> {
    const { queue, ending, stage } = this;
    const timeout = 100 + stage.random.below(900);
    const message = await (form === "tryTake"
      ? queue.tryTake()
      : form === "take"
        ? inTime(stage, timeout, queue.take({ timeout }))
        : queue.take({ signal: ending })
    ).catch((error) => {
      if (!isGivenUp(error)) throw error;
    });
    if (message) this.took(message);
    else {
      stage.history.note("nothing");
      await sleep(stage.random.below(PAUSE_MS));
    }
    await this.settle(message ? stage.random.below(MOST_HELD + 1) : 0, true);
  }

  private async loop(isOrdered: boolean): Promise<void> {
    const { queue, ending, stage } = this;
    const { history, random } = stage;
    let rounds = isOrdered ? Number.POSITIVE_INFINITY : 1 + random.below(30);
    try {
      for await (const message of queue.messages(isOrdered ? { signal: ending } : { timeout: 1000 })) {
        this.took(message);
        await this.settle(isOrdered ? 0 : random.below(MOST_HELD + 1), !isOrdered);
        if (--rounds <= 0 || ending.aborted) break;
      }
    } catch (error) {
      if (!isGivenUp(error)) throw error;
      history.note("nothing");
    }
    // what was not settled when the loop ended was given back by it
    for (const { id } of this.held.splice(0)) history.note("nacked", ...id);
  }

  private async get(form: (typeof getForms)[number]): Promise<void> {
    const { queue, stage } = this;
    const { history, random } = stage;
    const timeout = 100 + random.below(900);
    history.note("get", form === "getMany" ? MOST_GOT : 1);
    let values: unknown[] = [];
    try {
      if (form === "getMany") values = await inTime(stage, timeout, queue.getMany(MOST_GOT, { timeout }));
      else if (form === "get") values = [await inTime(stage, timeout, queue.get({ timeout }))];
      else values = [await queue.tryGet()].filter((value) => value !== undefined);
    } catch (error) {
      if (isTakenBack(error)) return history.note("unsure");
      if (!isGivenUp(error)) throw error;
    }
    if (values.length === 0) {
      history.note("nothing");
      await sleep(random.below(PAUSE_MS));
    }
    for (const value of values) {
      const id = recogniseBody(value);
      if (id) history.note("got", id.producer, id.number);
      else history.note("broken");
    }
  }

  private took(message: AsyncMessage<unknown>): void {
    const { history } = this.stage;
    const id = recogniseBody(message.value);
    if (!id) return history.note("broken");
    history.note("took", id.producer, id.number, message.redelivered ? 1 : 0);
    if (message.deliveries > 1 && !message.redelivered) history.note("broken");
    this.held.push({ message, id: [id.producer, id.number] });
  }

  private async settle(leaving: number, mayNack: boolean): Promise<void> {
    const { random, history } = this.stage;
    while (this.held.length > leaving) {
      const [{ message, id }] = this.held.splice(random.below(this.held.length), 1);
      if (random.below(4) === 0) await sleep(random.below(PAUSE_MS));
      const how = mayNack && random.below(10) === 0 ? "nack" : "ack";
      history.note(how, ...id);
      try {
        await message[how]();
        history.note(`${how}ed`, ...id);
      } catch (error) {
        history.note("refused", ...id);
        if (!isTakenBack(error)) throw error;
      }
    }
  }
}
