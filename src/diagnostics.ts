/*
 * Diagnostics: what the library tells whoever has subscribed by `node:diagnostics_channel`.
 *
 * Idea    An operation that takes time is a `TracingChannel`, a thing that happens is a channel. While nobody has subscribed
 *         an operation costs a look at that. What is sent has `headers`: subscribers of `start` may write texts into it,
 *         which go along inside the message; whoever gets the message is told of them. So a bridge to a tracing system
 *         needs nothing but these channels.
 * Order   `start` before the work, `end` when its synchronous part is over, `asyncEnd` when its promise has settled.
 * Limits  At most 16 texts go along, of 8,192 characters each. Pipes and topics in shared memory carry none.
 * Source  undici's channels, whose requests take headers from subscribers.
 */
import { channel } from "node:diagnostics_channel";
import type { Carried } from "./carried.js";
import { TracedChannel, type TracedEvent } from "./traced-channel.js";

/** Something is sent, along with which texts may go. */
export interface SentEvent extends TracedEvent {
  /** The call, such as `put()`. */
  readonly operation: string;
  /** Texts that are to go along, by name; subscribers of `start` write them. */
  readonly headers: Record<string, string>;
}

/** Messages are put into a queue or published to a topic. */
export interface PutEvent extends SentEvent {
  /** Where: `shm:jobs`, `amqp://host/jobs` …; never with a password. */
  readonly url: string;
  /** How many; of `putMany` it is known once it has ended. */
  count: number;
}

/** A message was taken from a queue or a subscription. */
export interface GetEvent {
  readonly operation: string;
  readonly url: string;
  readonly id: string | undefined;
  readonly deliveries: number;
  /** Texts that came along. */
  readonly headers: Carried;
}

/** A typed call: on the side that makes it, or (`headers` then is what came along) on the side that serves it. */
export interface CallEvent extends TracedEvent {
  /** The method's path with dots; `a callback` for a function that was passed. */
  readonly method: string;
  readonly headers: Record<string, string>;
}

/** A pool is asked for calls of a task. */
export interface TaskEvent extends SentEvent {
  readonly task: string;
  readonly module: string;
}

/** A task runs, in a worker of a pool or in a spawned process. */
export interface TaskRunEvent extends TracedEvent {
  readonly task: string;
  readonly headers: Carried;
}

/** A process is spawned, runs and exits: `result` is how, as `join()` gives it. */
export interface ProcessEvent extends SentEvent {
  readonly process: string;
  readonly task: string;
  readonly module: string;
  /** Once it was started. */
  pid?: number;
}

/** A connection is made. */
export interface ConnectEvent extends TracedEvent {
  readonly url: string;
}

/** A call has to wait for a lock or a permit. */
export interface LockEvent extends TracedEvent {
  readonly operation: string;
  /** Its kind and name, such as `Lock "jobs"`. */
  readonly lock: string;
}

export const diagnostics = {
  queuePut: new TracedChannel<PutEvent>("interproc:queue.put"),
  /** Told a `GetEvent`. */
  queueGet: channel("interproc:queue.get"),
  topicPublish: new TracedChannel<PutEvent>("interproc:topic.publish"),
  /** Told a `GetEvent`. */
  topicGet: channel("interproc:topic.get"),
  call: new TracedChannel<CallEvent>("interproc:call"),
  callServe: new TracedChannel<CallEvent>("interproc:call.serve"),
  task: new TracedChannel<TaskEvent>("interproc:task"),
  taskRun: new TracedChannel<TaskRunEvent>("interproc:task.run"),
  process: new TracedChannel<ProcessEvent>("interproc:process"),
  connect: new TracedChannel<ConnectEvent>("interproc:connect"),
  lockAcquire: new TracedChannel<LockEvent>("interproc:lock.acquire"),
  /** Told `{ lock }`: somebody has taken a lock whose holder had died. */
  lockAbandoned: channel("interproc:lock.abandoned"),
} as const;
