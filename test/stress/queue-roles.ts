/*
 * The roles of a queue's kill run. What each notes:
 *
 * producer   put N COUNT         begins to put COUNT messages from number N on
 *            done N COUNT        they were put             void N      it was not put, for certain
 * consumer   get MOST            begins to take and acknowledge up to MOST
 *            got P N             has it
 *            nothing             the call ended without any
 *            took P N D          has it unacknowledged, delivered for the D-th time
 *            ack P N, acked P N  before and after          nack P N, nacked P N   the same
 *            broken              what came is not what anybody puts
 * creator    made                one round of making, using and closing
 * cleaner    swept               one round of sweeping
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ClosedError, PriorityQueue, Queue, type QueueMessage, Stack, TimeoutError } from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { letGo, makeMessage, recognise } from "./numbered-message.js";
import type { Stage } from "./stage.js";

/** The kinds of queues, and how likely each is drawn. */
export const kinds = ["Queue", "Queue", "Queue", "PriorityQueue", "Stack"] as const;
const classes = { Queue, PriorityQueue, Stack };

/** How consumers take: acknowledged before they have it, or by themselves afterwards. */
export const modes = { atLeastOnce: 0, atMostOnce: 1, both: 2 } as const;

export function openQueue(name: string, { kind, capacity, maxItems }: Stage["detail"]): Queue {
  const options = { capacity, maxItems: maxItems || undefined };
  return classes[kinds[kind]].openOrCreate(name, options) as Queue;
}

export const shareOf = (capacity: number): number => Math.floor(capacity / 4);

export async function act(stage: Stage): Promise<void> {
  const { role, object } = stage.job;
  if (role === "creator") return create(stage);
  if (role === "cleaner") return clean(stage);
  const queue = openQueue(object, stage.detail);
  stage.begun();
  try {
    if (role === "producer") await new Producer(stage, queue).produce();
    else await new Consumer(stage, queue).consume();
  } finally {
    queue.close();
  }
}

const isClosed = (error: unknown): boolean => error instanceof ClosedError;
const isCancelled = (error: unknown): boolean =>
  error instanceof TimeoutError || (error instanceof Error && error.name === "AbortError");

const putForms = ["put", "putSync", "tryPut", "putMany", "put ahead", "put cancelled"] as const;
const mixOfPuts: readonly (typeof putForms)[number][] = [...putForms, "put", "put", "putMany"];

class Producer {
  private next = 0;
  private readonly share: number;

  constructor(
    private readonly stage: Stage,
    private readonly queue: Queue,
  ) {
    this.share = shareOf(stage.detail.capacity);
  }

  async produce(): Promise<void> {
    const { random } = this.stage;
    try {
      while (await this.stage.goesOn()) {
        await this.putSome(random.pick(mixOfPuts));
        if (random.below(3) === 0) await sleep(random.below(4));
      }
    } catch (error) {
      if (!isClosed(error)) throw error;
    }
  }

  private async putSome(form: (typeof putForms)[number]): Promise<void> {
    const { history, random } = this.stage;
    if (form === "put ahead") {
      const puts = Array.from({ length: 1 + random.below(6) }, () => this.putOne(form));
      for (const put of await Promise.allSettled(puts)) if (put.status === "rejected") throw put.reason;
      return;
    }
    if (form !== "putMany") return this.putOne(form);
    const first = this.next;
    const messages = Array.from({ length: 1 + random.below(10) }, () => this.make());
    history.note("put", first, messages.length);
    try {
      await this.queue.putMany(messages, this.options);
      history.note("done", first, messages.length);
    } finally {
      messages.forEach(letGo);
    }
  }

  private async putOne(form: (typeof putForms)[number]): Promise<void> {
    const { history } = this.stage;
    const number = this.next;
    const message = this.make();
    history.note("put", number, 1);
    try {
      const isIn = await this.give(message, form);
      if (isIn) history.note("done", number, 1);
      else history.note("void", number);
    } catch (error) {
      history.note("void", number);
      if (!isCancelled(error)) throw error;
    } finally {
      letGo(message);
    }
  }

  /** False when there was no room. */
  private async give(message: unknown, form: (typeof putForms)[number]): Promise<boolean> {
    const { queue, options } = this;
    const { random } = this.stage;
    if (form === "tryPut") return queue.tryPut(message, options);
    if (form === "putSync") queue.putSync(message, options);
    else if (form !== "put cancelled") await queue.put(message, options);
    else if (random.below(2) === 0) await queue.put(message, { ...options, timeout: random.below(3) });
    else await queue.put(message, { ...options, signal: AbortSignal.timeout(random.below(3)) }).catch(asAbort);
    return true;
  }

  private make(): unknown {
    return makeMessage(this.stage.job.number, this.next++, this.share);
  }

  /** In a PriorityQueue each producer has its priority, so that its messages keep their order. */
  private get options(): { priority?: number } {
    return this.queue instanceof PriorityQueue ? { priority: this.stage.job.number % 3 } : {};
  }
}

/** The reason of `AbortSignal.timeout` is a DOMException called TimeoutError. */
function asAbort(error: Error): never {
  throw error.name === "TimeoutError" ? Object.assign(new Error("aborted"), { name: "AbortError" }) : error;
}

const getForms = ["get", "getSync", "tryGet", "getMany", "for await", "get cancelled"] as const;
const takeForms = ["messages", "messages", "take", "takeSync", "tryTake", "take cancelled"] as const;
type TakeForm = (typeof takeForms)[number];
type GetForm = (typeof getForms)[number];
const MOST_HELD = 4;
const MOST_GOT = 5;

class Consumer {
  private readonly held: { message: QueueMessage<unknown>; id: [number, number] }[] = [];

  constructor(
    private readonly stage: Stage,
    private readonly queue: Queue,
  ) {}

  async consume(): Promise<void> {
    const { random, detail } = this.stage;
    try {
      while (await this.stage.goesOn()) {
        const acks = detail.mode === modes.atLeastOnce || (detail.mode === modes.both && random.below(2) === 0);
        if (acks) await this.takeSome(random.pick(takeForms));
        else await this.getSome(random.pick(getForms));
        if (random.below(4) === 0) await sleep(random.below(3));
      }
    } catch (error) {
      if (!isClosed(error)) throw error;
    }
    this.settle(0, false);
  }

  private async getSome(form: GetForm): Promise<void> {
    const { queue } = this;
    const { history, random } = this.stage;
    const rounds = 1 + random.below(8);
    if (form === "for await") {
      history.note("get", 1);
      let round = 0;
      for await (const value of queue) {
        this.got(value);
        if (++round >= rounds) return;
        history.note("get", 1);
      }
      throw new ClosedError("the loop ended");
    }
    for (let round = 0; round < rounds; round++) {
      const most = form === "getMany" ? MOST_GOT : 1;
      history.note("get", most);
      const values = await this.getBy(form).catch((error: unknown) => {
        history.note("nothing");
        if (isCancelled(error)) return [];
        throw error;
      });
      if (values.length === 0) history.note("nothing");
      for (const value of values) this.got(value);
      if (values.length === 0) await sleep(1);
    }
  }

  private async getBy(form: GetForm): Promise<unknown[]> {
    const { queue } = this;
    const { random } = this.stage;
    if (form === "getMany") return queue.getMany(MOST_GOT);
    if (form === "getSync") return [queue.getSync()];
    if (form === "get") return [await queue.get()];
    if (form === "get cancelled")
      return [
        random.below(2) === 0
          ? await queue.get({ timeout: random.below(3) })
          : await queue.get({ signal: AbortSignal.timeout(random.below(3)) }).catch(asAbort),
      ];
    const value = queue.tryGet();
    return value === undefined ? [] : [value];
  }

  private got(value: unknown): void {
    const { history, detail } = this.stage;
    const id = recognise(value, shareOf(detail.capacity));
    letGo(value);
    if (id) history.note("got", id.producer, id.number);
    else history.note("broken");
  }

  private async takeSome(form: TakeForm): Promise<void> {
    const { queue } = this;
    const { random } = this.stage;
    if (form === "messages") {
      let rounds = 1 + random.below(8);
      for await (const message of queue.messages()) {
        this.took(message);
        await this.work(0);
        if (--rounds === 0) return;
      }
      throw new ClosedError("the loop ended");
    }
    for (let rounds = 1 + random.below(8); rounds > 0; rounds--) {
      const message = await this.takeBy(form).catch((error: unknown) => {
        if (!isCancelled(error)) throw error;
      });
      if (message) this.took(message);
      else await sleep(1);
      await this.work(random.below(2) === 0 ? 0 : MOST_HELD - 1);
    }
    this.settle(0, true);
  }

  private async takeBy(form: TakeForm): Promise<QueueMessage<unknown> | undefined> {
    const { queue } = this;
    const { random } = this.stage;
    if (form === "tryTake") return queue.tryTake();
    // whoever holds something and waits without end may hold the very room that a producer waits for
    if (form === "take cancelled" || this.held.length > 0) return queue.take({ timeout: random.below(3) });
    return form === "takeSync" ? queue.takeSync() : queue.take();
  }

  private took(message: QueueMessage<unknown>): void {
    const { history, detail } = this.stage;
    const id = recognise(message.value, shareOf(detail.capacity));
    letGo(message.value);
    if (!id) history.note("broken");
    else history.note("took", id.producer, id.number, message.deliveries);
    if (message.redelivered !== message.deliveries > 1) history.note("broken");
    this.held.push({ message, id: id ? [id.producer, id.number] : [-1, -1] });
  }

  /** Settles some of what it has, after a while. */
  private async work(leaving: number): Promise<void> {
    const { random } = this.stage;
    if (random.below(4) === 0) await sleep(random.below(3));
    this.settle(leaving, true);
  }

  private settle(leaving: number, mayNack: boolean): void {
    const { history, random } = this.stage;
    while (this.held.length > leaving) {
      const [{ message, id }] = this.held.splice(random.below(this.held.length), 1);
      if (mayNack && random.below(12) === 0) {
        history.note("nack", ...id);
        message.nack();
        history.note("nacked", ...id);
      } else {
        history.note("ack", ...id);
        message.ack();
        history.note("acked", ...id);
      }
    }
  }
}

/** Makes queues, or finds those that others just made, uses them a little and lets them go. */
async function create(stage: Stage): Promise<void> {
  const { random, history, job } = stage;
  stage.begun();
  while (await stage.goesOn()) {
    const queue = openQueue(`${job.object}-${random.below(3)}`, stage.detail);
    queue.tryPut(stage.job.number);
    if (random.below(2) === 0) queue.tryGet();
    if (random.below(3) === 0) await sleep(random.below(3));
    queue.close();
    history.note("made");
    await sleep(random.below(8));
  }
}

/** Sweeps up what the killed have left. */
async function clean(stage: Stage): Promise<void> {
  stage.begun();
  while (await stage.goesOn()) {
    sweep();
    stage.history.note("swept");
    await sleep(stage.random.below(10));
  }
}
