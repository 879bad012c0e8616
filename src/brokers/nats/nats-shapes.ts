import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream";
import type { QueueShape } from "../broker.js";

const NS = 1_000_000;
type Retention = StreamConfig["retention"];
type Storage = StreamConfig["storage"];
type Discard = StreamConfig["discard"];
type Acks = ConsumerConfig["ack_policy"];
type Deliver = ConsumerConfig["deliver_policy"];

/** A stream that is a queue: what is acknowledged is gone. */
export function workQueue(
  stream: string,
  { maxItems }: QueueShape,
): Partial<StreamConfig> & Pick<StreamConfig, "name"> {
  return {
    ...{ name: stream, subjects: [stream], retention: "workqueue" as Retention, storage: "file" as Storage },
    ...(maxItems !== undefined && { max_msgs: maxItems, discard: "new" as Discard }),
  };
}

/** A stream that keeps a topic's messages for those groups that have not had them. */
export function groupStream(stream: string): Partial<StreamConfig> & Pick<StreamConfig, "name"> {
  return {
    ...{ name: stream, subjects: [stream, `${stream}.>`] },
    ...{ retention: "interest" as Retention, storage: "file" as Storage },
  };
}

/** A consumer that stays and is pulled from. */
export function consumerConfig(name: string, ackWaitMs: number, filter?: string): Partial<ConsumerConfig> {
  return {
    ...{ durable_name: name, ack_policy: "explicit" as Acks, deliver_policy: "all" as Deliver },
    // none of its limits: those are ours
    ...{ ack_wait: ackWaitMs * NS, max_ack_pending: -1, max_waiting: 100_000, max_deliver: -1 },
    ...(filter !== undefined && { filter_subject: filter }),
  };
}
