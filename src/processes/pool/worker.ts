import type { Connection } from "../../channel.js";
import type { SharedArray } from "../../primitives/memory/shared-array.js";
import type { FromWorker, ToWorker } from "./lane.layout.js";

/** A process or a thread that works for a pool. */
export interface Worker {
  readonly pid: number;
  /** How errors speak of it. */
  readonly label: string;
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;
  kill(): void;
  /** This process stays alive until it has ended. */
  ref(): void;
}

/** Starts a worker that serves the other end of a lane. */
export type StartWorker = (lane: Connection<FromWorker, ToWorker>, slots: SharedArray<"i32">) => Worker;
