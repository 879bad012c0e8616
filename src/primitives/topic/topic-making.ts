import { UsageError } from "../../errors.js";
import { checkName } from "../../memory/directory.js";
import type { Segment } from "../../memory/segment.js";
import { broadcastHead, UNIT } from "../../rings/broadcast-ring.layout.js";
import {
  createObject,
  MAX_ATTACHED,
  type ObjectSpec,
  openObject,
  openOrCreateObject,
  type Place,
  type SharedObjectOptions,
} from "../shared-object.js";
import { topicHead, topicPlan } from "./topic.layout.js";

const DEFAULT_CAPACITY = 256 * 1024;
const LEAST_CAPACITY = 8192;
const MOST_CAPACITY = 2 ** 30;
const MOST_SUBSCRIBERS = 65_536;

/** How much a topic keeps for those who have not read it yet, and whether it waits for them. */
export interface TopicOptions extends SharedObjectOptions {
  /**
   * Bytes for messages that somebody may not have read yet: 8,192 to 1 GiB, rounded up to a power of two; default
   * 256 KiB. A message longer than about a quarter of it gets memory of its own.
   */
  capacity?: number;
  /** `true`: who publishes waits for the slowest living subscriber. Default `false`: it is told what it missed. */
  lossless?: boolean;
  /** Subscriptions that there may be at once: 1 to 65,536, default 128. */
  maxSubscribers?: number;
}

export function makeTopic(name: string | undefined, options: TopicOptions): Place {
  const operation = name === undefined ? "new Topic()" : "Topic.create()";
  if (name !== undefined) checkName(name, operation);
  return createObject(specOf(options, operation), name, options, operation);
}

export function openTopicObject(name: string): Place {
  checkName(name, "Topic.open()");
  return openObject("topic", name, examineTopic);
}

export function openOrMakeTopic(name: string, options: TopicOptions): Place {
  const operation = "Topic.openOrCreate()";
  checkName(name, operation);
  return openOrCreateObject(specOf(options, operation), name, options, examineTopic, operation);
}

function specOf(options: TopicOptions, operation: string): ObjectSpec {
  const { capacity = DEFAULT_CAPACITY, lossless = false, maxAttached = MAX_ATTACHED } = options;
  const maxSubscribers = options.maxSubscribers ?? 128;
  if (!Number.isInteger(capacity) || capacity < LEAST_CAPACITY || capacity > MOST_CAPACITY)
    throw new UsageError(
      `${operation}: capacity is ${String(capacity)}; allowed: ${LEAST_CAPACITY} to ${MOST_CAPACITY} bytes`,
    );
  if (typeof lossless !== "boolean")
    throw new UsageError(`${operation}: lossless is ${String(lossless)}; allowed: true or false`);
  if (!Number.isInteger(maxSubscribers) || maxSubscribers < 1 || maxSubscribers > MOST_SUBSCRIBERS)
    throw new UsageError(
      `${operation}: maxSubscribers is ${String(maxSubscribers)}; allowed: 1 to ${MOST_SUBSCRIBERS}`,
    );
  const size = 2 ** Math.ceil(Math.log2(capacity));
  const plan = topicPlan(maxAttached, maxSubscribers);
  return {
    kind: "topic",
    detail: lossless ? 1 : 0,
    size,
    bodyBytes: plan.bytes,
    block: size,
    initialise({ words: { array }, bodyOffset }) {
      const body = bodyOffset / 4;
      array[body + topicHead.word.lossless] = lossless ? 1 : 0;
      array[body + topicHead.word.maxSubscribers] = maxSubscribers;
      array[body + plan.ring + broadcastHead.word.units] = size / UNIT;
    },
  };
}

/** What is wrong with a topic's segment. */
export function examineTopic({ data, control, words, bodyOffset, maxAttached }: Segment): string | undefined {
  const size = data?.byteLength ?? 0;
  if (size < LEAST_CAPACITY || Math.log2(size) % 1 !== 0) return `its ${size} bytes are no power of two`;
  const room = control.byteLength - bodyOffset;
  if (room < topicPlan(maxAttached, 0).bytes) return "its file is too short";
  const maxSubscribers = words.load(bodyOffset / 4 + topicHead.word.maxSubscribers) >>> 0;
  return room < topicPlan(maxAttached, maxSubscribers).bytes ? "its file is too short" : undefined;
}
