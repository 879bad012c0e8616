// Tasks that use the topics they are given.
import { type Connection, type SharedValue, type Subscription, Topic, task } from "interproc";

type Form = "get" | "getSync" | "for await" | "messages";

/** Notes what comes until "end", and says so beforehand. */
export const collecting = task(
  import.meta,
  async function collecting(topic: Topic<unknown>, pattern: string, form: Form, say: Connection<string, never>) {
    using subscription = topic.subscribe(pattern);
    await say.send("subscribed");
    const got: unknown[] = [];
    for (;;) {
      const value = await one(subscription, form);
      if (value === "end") return { got, missed: subscription.missed };
      got.push(value);
    }
  },
);

async function one(subscription: Subscription<unknown>, form: Form): Promise<unknown> {
  if (form === "get") return subscription.get();
  if (form === "getSync") return subscription.getSync();
  if (form === "messages") for await (const { value } of subscription.messages()) return value;
  for await (const value of subscription) return value;
  return undefined;
}

/** Publishes numbers from `first` on, by one form or another, and exits straight after. */
export const publishing = task(
  import.meta,
  async function publishing(topic: Topic<number>, first: number, count: number, form: "publish" | "publishSync") {
    for (let i = 0; i < count; i++) {
      if (form === "publish") await topic.publish(first + i);
      else topic.publishSync(first + i);
    }
  },
);

/** Publishes numbered messages for ever, each of one byte's value throughout; counts those whose call returned. */
export const flooding = task(
  import.meta,
  function flooding(topic: Topic<Uint8Array>, length: number, count: SharedValue<"i32">) {
    for (let i = 0; ; i++) {
      topic.publishSync(new Uint8Array(length).fill(i & 255));
      count.add(1);
    }
  },
);

/** Subscribes, says so, and reads nothing until it is killed; or waits for a message that never comes. */
export const idling = task(
  import.meta,
  async function idling(
    topic: Topic<unknown>,
    count: number,
    how: "idle" | "get" | "getSync",
    say: Connection<string>,
  ) {
    const subscriptions = Array.from({ length: count }, () => topic.subscribe());
    await say.send("subscribed");
    if (how === "get") await subscriptions[0].get();
    else if (how === "getSync") subscriptions[0].getSync();
    else await say.recv();
  },
);

/** Reads as fast as it can, and counts. */
export const counting = task(import.meta, function counting(topic: Topic<unknown>, count: SharedValue<"i32">) {
  const subscription = topic.subscribe();
  count.value = 0;
  for (;;) {
    subscription.getSync();
    count.add(1);
  }
});

/** Waits to publish to a full topic, having said so, and says when it is done. */
export const pressing = task(
  import.meta,
  async function pressing(topic: Topic<unknown>, form: "publish" | "publishSync", say: Connection<string, never>) {
    while (topic.tryPublish(new Uint8Array(1000)));
    await say.send("full");
    if (form === "publish") await topic.publish("after");
    else topic.publishSync("after");
    await say.send("published");
  },
);

/** Opens a topic by name and hands on what it sees. */
export const relaying = task(import.meta, async function relaying(name: string, say: Connection<unknown>) {
  using topic = Topic.open<number>(name);
  using subscription = topic.subscribe("in.#");
  await say.send("subscribed");
  for await (const { value, key } of subscription.messages()) {
    if (value < 0) return;
    topic.publishSync(value * 2, { key: key.replace("in.", "out.") });
  }
});

/** Adds one to each shared value that comes, and puts to each queue. */
export const touching = task(import.meta, async function touching(topic: Topic<Touchable>, say: Connection<string>) {
  using subscription = topic.subscribe();
  await say.send("subscribed");
  const { value, queue } = await subscription.get();
  value.add(1);
  queue.putSync("seen");
  value.close();
  queue.close();
});

interface Touchable {
  value: SharedValue<"i32">;
  queue: { putSync(value: string): void; close(): void };
}

/** Leaves a topic of its own behind with everything in it that needs a file, and closes nothing. */
export const forgetting = task(import.meta, function forgetting(name: string) {
  const topic = name === "" ? new Topic({ capacity: 8192 }) : Topic.create(name, { capacity: 8192 });
  topic.subscribe();
  topic.tryPublish("x".repeat(20_000));
  topic.tryPublish({ inner: new Topic({ capacity: 8192 }) });
});
