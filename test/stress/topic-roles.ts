/*
 * The roles of a topic's kill run. What each notes:
 *
 * publisher   put N               begins to publish message number N
 *             done N              it was published          void N      it was not, for certain
 * subscriber  subscribe           begins to subscribe       subscribed  has a subscription, its only one from now on
 *             take                begins to take            nothing     the call ended without any
 *             got P N S M         has it: number S of the topic's messages, M were missed before it
 *             last S M            has one that says that no more will come
 *             broken              what came is not what anybody publishes
 *             drained M           nothing is left; it has missed M in all
 *             leave, left         closes its subscription
 * creator     made                one round of making, using and closing
 * cleaner     swept               one round of sweeping
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Subscription, TimeoutError, Topic, type TopicMessage } from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { letGo, makeMessage, recognise } from "./numbered-message.js";
import type { Stage } from "./stage.js";

/** What the last message says; it is published until nobody is left. */
export const LAST = "last";

export const openTopic = (name: string, { capacity, lossless }: Stage["detail"]): Topic =>
  Topic.openOrCreate(name, { capacity, lossless: lossless === 1 });

/** The longest message that stands in the topic itself, about. */
const shareOf = (capacity: number): number => Math.floor(capacity / 4) - 512;

export async function act(stage: Stage): Promise<void> {
  const { role, object } = stage.job;
  if (role === "creator") return create(stage);
  if (role === "cleaner") return clean(stage);
  const topic = openTopic(object, stage.detail);
  try {
    if (role === "publisher") await new Publisher(stage, topic).publish();
    else await new Subscriber(stage, topic).subscribe();
  } finally {
    topic.close();
  }
}

const isCancelled = (error: unknown): boolean =>
  error instanceof TimeoutError || (error instanceof Error && error.name === "TimeoutError");

const publishForms = ["publish", "publishSync", "tryPublish", "ahead", "cancelled", "publish", "publish"] as const;

class Publisher {
  private next = 0;
  private readonly share: number;

  constructor(
    private readonly stage: Stage,
    private readonly topic: Topic,
  ) {
    this.share = shareOf(stage.detail.capacity);
  }

  async publish(): Promise<void> {
    const { stage } = this;
    const { random } = stage;
    stage.begun();
    while (await stage.goesOn()) {
      const form = random.pick(publishForms);
      const count = form === "ahead" ? 1 + random.below(6) : 1;
      await Promise.all(Array.from({ length: count }, () => this.publishOne(form)));
      if (random.below(3) === 0) await sleep(random.below(4));
    }
  }

  private async publishOne(form: (typeof publishForms)[number]): Promise<void> {
    const { history, job } = this.stage;
    const number = this.next++;
    const message = makeMessage(job.number, number, this.share);
    history.note("put", number);
    try {
      history.note((await this.give(message, form)) ? "done" : "void", number);
    } catch (error) {
      history.note("void", number);
      if (!isCancelled(error)) throw error;
    } finally {
      letGo(message);
    }
  }

  /** False when there was no room. */
  private async give(message: unknown, form: (typeof publishForms)[number]): Promise<boolean> {
    const { topic } = this;
    const { random, job } = this.stage;
    const key = random.below(3) === 0 ? `from.${job.number}` : undefined;
    if (form === "tryPublish") return topic.tryPublish(message, { key });
    if (form === "publishSync") topic.publishSync(message, { key });
    else if (form !== "cancelled") await topic.publish(message, { key });
    else if (random.below(2) === 0) await topic.publish(message, { key, timeout: random.below(3) });
    else await topic.publish(message, { key, signal: AbortSignal.timeout(random.below(3)) });
    return true;
  }
}

const takeForms = ["take", "takeSync", "tryTake", "messages", "cancelled", "cancelled sync"] as const;

class Subscriber {
  private readonly share: number;
  private isBegun = false;

  constructor(
    private readonly stage: Stage,
    private readonly topic: Topic,
  ) {
    this.share = shareOf(stage.detail.capacity);
  }

  async subscribe(): Promise<void> {
    const { history, random } = this.stage;
    do {
      history.note("subscribe");
      const subscription = this.topic.subscribe();
      history.note("subscribed");
      if (!this.isBegun) this.stage.begun();
      this.isBegun = true;
      for (let rounds = 1 + random.below(300); rounds > 0 && (await this.stage.goesOn()); rounds--) {
        await this.takeSome(subscription, random.pick(takeForms));
        if (random.below(6) === 0) await sleep(random.below(5));
      }
      if (!(await this.stage.goesOn())) this.drain(subscription);
      history.note("leave");
      if (random.below(4) > 0)
        subscription.close(); // else whoever collects the garbage does, or the topic's close
      else subscription[Symbol.dispose]();
      history.note("left");
    } while (await this.stage.goesOn());
  }

  private async takeSome(subscription: Subscription, form: (typeof takeForms)[number]): Promise<void> {
    const { history, random } = this.stage;
    const rounds = 1 + random.below(8);
    if (form === "messages") {
      let round = 0;
      history.note("take");
      for await (const message of subscription.messages()) {
        this.got(message);
        if (++round >= rounds) return;
        history.note("take");
      }
      return;
    }
    for (let round = 0; round < rounds; round++) {
      history.note("take");
      const message = await this.takeBy(subscription, form).catch((error: unknown) => {
        if (!isCancelled(error)) throw error;
        return undefined;
      });
      if (message) this.got(message);
      else history.note("nothing");
      if (!message) await sleep(1);
    }
  }

  private async takeBy(
    subscription: Subscription,
    form: (typeof takeForms)[number],
  ): Promise<TopicMessage<unknown> | undefined> {
    const { random } = this.stage;
    if (form === "tryTake") return subscription.tryTake();
    if (form === "takeSync") return subscription.takeSync();
    if (form === "cancelled sync") return subscription.takeSync({ timeout: random.below(3) });
    if (form !== "cancelled") return subscription.take();
    return random.below(2) === 0
      ? subscription.take({ timeout: random.below(3) })
      : subscription.take({ signal: AbortSignal.timeout(random.below(3)) });
  }

  private drain(subscription: Subscription): void {
    for (let message = subscription.tryTake(); message; message = subscription.tryTake()) this.got(message);
    this.stage.history.note("drained", subscription.missed);
  }

  private got({ value, sequence, missed }: TopicMessage<unknown>): void {
    const { history } = this.stage;
    if (value === LAST) return history.note("last", sequence, missed);
    const id = recognise(value, this.share);
    letGo(value);
    if (id) history.note("got", id.producer, id.number, sequence, missed);
    else history.note("broken");
  }
}

/** Makes topics, or finds those that others just made, uses them a little and lets them go. */
async function create(stage: Stage): Promise<void> {
  const { random, history, job } = stage;
  stage.begun();
  while (await stage.goesOn()) {
    const topic = openTopic(`${job.object}-${random.below(3)}`, stage.detail);
    const subscription = topic.subscribe();
    topic.tryPublish(random.below(2) === 0 ? job.number : new Uint8Array(5000));
    if (random.below(2) === 0) subscription.tryGet();
    if (random.below(3) === 0) await sleep(random.below(3));
    topic.close();
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
