import type { WaitOptions } from "../../deadline.js";
import { UsageError } from "../../errors.js";
import { Topic } from "../../primitives/topic/topic.js";
import { Failure } from "../failure.js";
import type { TakenMessage } from "./queue-at.js";

/** What the commands need of a topic, wherever it is. */
export interface TopicAt {
  publish(value: unknown, options: WaitOptions & { key?: string }): Promise<void>;
  /** Gives what takes the next message that matches; `onMissed` is told how many were missed since the last time. */
  subscribe(
    pattern: string | undefined,
    onMissed: (count: number) => void,
  ): Promise<(options: WaitOptions) => Promise<TakenMessage>>;
  close(): void | Promise<void>;
}

/** The topic behind an url: the one place of the commands that knows which kinds there are. @throws Failure */
export async function topicAt(url: string): Promise<TopicAt> {
  if (url.startsWith("shm:")) return sharedTopic(url.slice("shm:".length));
  const { openTopic } = await import("../../brokers/open-topic.js");
  try {
    const topic = await openTopic(url);
    return {
      publish: (value, options) => topic.publish(value, options),
      subscribe: async (pattern, onMissed) => {
        const subscription = await topic.subscribe(pattern);
        let known = 0;
        return async (options) => {
          const value = await subscription.get(options);
          const { missed } = subscription;
          if (missed > known) onMissed(missed - known);
          known = missed;
          return { value, ack: () => undefined };
        };
      },
      close: () => topic.close(),
    };
  } catch (error) {
    if (error instanceof UsageError) throw new Failure(error.message, 2);
    throw error;
  }
}

function sharedTopic(name: string): TopicAt {
  const topic = Topic.openOrCreate<unknown>(name);
  return {
    publish: (value, options) => topic.publish(value, options),
    subscribe: async (pattern, onMissed) => {
      const subscription = topic.subscribe(pattern);
      subscription.onMissed = onMissed;
      return async (options) => ({ value: await subscription.get(options), ack: () => undefined });
    },
    close: () => topic.close(),
  };
}
