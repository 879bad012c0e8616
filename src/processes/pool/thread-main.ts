/*
 * What a thread of a pool runs: takes its end of the lane and serves the pool.
 */
import { workerData } from "node:worker_threads";
import type { Connection } from "../../channel.js";
import "../../index.js";
import type { SharedArray } from "../../primitives/memory/shared-array.js";
import { attach } from "../share.js";
import type { FromWorker, ToWorker, WorkerOrder } from "./lane.layout.js";
import { serveLane } from "./pool-worker.js";

/** What a thread is given. */
export interface ThreadErrand {
  /** Strings of `share`: the lane's end, the work slots, the initializer's arguments in a box. */
  readonly lane: string;
  readonly slots: string;
  readonly order: WorkerOrder;
  readonly initArgs: string | undefined;
}

const { lane, slots, order, initArgs } = workerData as ThreadErrand;
const box = initArgs === undefined ? undefined : attach<Connection<never, readonly unknown[]>>(initArgs);
const args = box ? await box.recv() : [];
box?.close();
await serveLane(attach<Connection<FromWorker, ToWorker>>(lane), attach<SharedArray<"i32">>(slots), order, args);
