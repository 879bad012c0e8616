/*
 * What goes through the pipe between a pool and one of its workers. Every message is an array; each one to a worker has a
 * number, its place in the order of all that were sent to it, which both sides count and nobody sends.
 *
 * To a worker:
 *   [run | each | spread (| timed), task, payload]   one call's arguments, items for a call each, or argument lists for a call each
 *   [run | each | spread (| timed), task, payload, headers]   the same, with texts that go along, such as the context of a trace
 *   [load, task, module, name]                       from now on the number `task` stands for this task
 *   [stop, number]                                   the signal of that work is to fire, if it is still running
 *   [end]                                            no more comes
 *
 * From a worker, in the order of the work that it was given:
 *   [number, value]                                  what a call returned, or what calls returned, an array
 *   [number, value, milliseconds]                    the same, when the work was marked as timed
 *   [number, value, milliseconds or -1, failures]    for `run` the failure, else [index, failure] for each call that failed
 *   [ready] [ready, failure]                         it can be given work; or why it never will be
 *   [loaded, task] [loaded, task, failure]           it knows the task; or why it does not
 *   [passed, number]                                 it has passed over withdrawn work up to this number
 */
import type { Carried } from "../../carried.js";
import type { RemoteFailure } from "../../rpc/remote-failure.js";

/** The first element of what goes to a worker. */
export const TO_WORKER = { run: 0, each: 1, spread: 2, timed: 4, load: 8, stop: 9, end: 10 } as const;

/** The first element of what comes from a worker, where it is no number of a message. */
export const FROM_WORKER = { ready: -1, loaded: -2, passed: -3 } as const;

export type ToWorker =
  | readonly [how: number, task: number, payload: unknown, headers?: Carried]
  | readonly [load: 8, task: number, module: string, name: string]
  | readonly [stop: 9, number: number]
  | readonly [end: 10];

/** Which calls of a message failed, and how. */
export type Failures = readonly (readonly [index: number, failure: RemoteFailure])[];

export type Answer = readonly [number: number, value: unknown, ms?: number, failures?: RemoteFailure | Failures];

export type FromWorker =
  | Answer
  | readonly [ready: -1, failure?: RemoteFailure]
  | readonly [loaded: -2, task: number, failure?: RemoteFailure]
  | readonly [passed: -3, number: number];

/** So much a worker passes over before it says how far it is. */
export const PASSED_EVERY = 64;

/** What a worker is told when it is made. */
export interface WorkerOrder {
  /** The task that is called before any work. */
  readonly initializer?: { readonly module: string; readonly name: string };
}
