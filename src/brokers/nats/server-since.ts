import type { JetStreamManager, StreamConfig } from "@nats-io/jetstream";
import { isCut } from "./nats-failure.js";

const STREAM = "interproc-since";

/**
 * Since when the server has been running, by its own clock, or a little later: JetStream writes down what it has handed out a
 * moment after it has done so, and a kill of the server loses that. A stream in its memory goes with it, and whoever
 * comes first makes it again. Minus infinity where that is not allowed.
 */
export async function serverSince({ streams }: JetStreamManager): Promise<number> {
  const storage = "memory" as StreamConfig["storage"];
  try {
    const { created } = await streams.add({ name: STREAM, subjects: [STREAM], storage, max_bytes: 1024 });
    return Date.parse(created);
  } catch (error) {
    if (isCut(error)) throw error;
    return Number.NEGATIVE_INFINITY;
  }
}
