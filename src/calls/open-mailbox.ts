import { UsageError } from "../errors.js";
import type { Mailbox, MailboxOpening } from "./mailbox.js";

/** Opens a mailbox beside the queue of the calls, unless the signal says that it is given up. @throws UsageError where there can be none */
export async function openMailbox(opening: MailboxOpening): Promise<Mailbox> {
  const { signal } = opening;
  signal.throwIfAborted();
  // what its user's signal says once it is open does not concern it
  const opened = new AbortController();
  const giveUp = (): void => opened.abort(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await mailboxFor({ ...opening, signal: opened.signal });
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function mailboxFor(opening: MailboxOpening): Promise<Mailbox> {
  const { scheme, name } = opening.url;
  switch (scheme) {
    case "amqp":
    case "amqps":
      return (await import("./amqp-mailbox.js")).AmqpMailbox.open(opening);
    case "nats":
    case "natss": {
      const [{ TopicMailbox }, { openNatsTopic }] = await Promise.all([
        import("./topic-mailbox.js"),
        import("../brokers/nats/nats-topic.js"),
      ]);
      return TopicMailbox.open(opening, openNatsTopic);
    }
    case "redis":
    case "rediss": {
      const [{ TopicMailbox }, { openRedisTopic }] = await Promise.all([
        import("./topic-mailbox.js"),
        import("../brokers/redis/redis-topic.js"),
      ]);
      return TopicMailbox.open(opening, openRedisTopic);
    }
    case "activemq":
    case "activemqs": {
      const [{ TopicMailbox }, { openActivemqTopic }] = await Promise.all([
        import("./topic-mailbox.js"),
        import("../brokers/activemq/activemq-topic.js"),
      ]);
      return TopicMailbox.open(opening, openActivemqTopic);
    }
    case "file": {
      const { sweepFileMailboxes } = await import("./sweep-file-mailboxes.js");
      await sweepFileMailboxes(name);
      return (await import("./queue-mailbox.js")).QueueMailbox.open(opening);
    }
    case "shm":
      return (await import("./queue-mailbox.js")).QueueMailbox.open(opening);
    default:
      throw new UsageError(
        `${opening.operation}: calls at ${scheme}: are not there; allowed: shm, file, amqp, activemq, nats, redis`,
      );
  }
}
