import { type Connection, expose, openQueue, type Queue, SharedValue, task } from "interproc";
import { otel, type Where, whereNow } from "./tracing.js";

export const whereItRuns = task(import.meta, async function whereItRuns(_?: unknown) {
  await null; // it is the same after an await
  return whereNow();
});

export const tracedApi = {
  where: async (): Promise<Where> => {
    await null;
    return whereNow();
  },
  fail(): never {
    throw new RangeError("no");
  },
};

export const tracedServing = task(import.meta, async function tracedServing(conn: Connection) {
  await expose(conn, tracedApi).closed;
});

/** Takes so many messages and says what span each was handled in. */
export const tracedConsuming = task(import.meta, async function tracedConsuming(queue: Queue, count: number) {
  const found: Where[] = [];
  for (let n = 0; n < count; n++) {
    using message = await queue.take();
    found.push(otel.process(message, whereNow, queue));
    const { value } = message;
    if (value instanceof SharedValue) value.close();
    message.ack();
  }
  return found;
});

export const tracedConsumingAt = task(import.meta, async function tracedConsumingAt(url: string, count: number) {
  const found: Where[] = [];
  await using queue = await openQueue(url);
  for await (const message of queue.messages()) {
    found.push(await otel.process(message, async () => whereNow(), queue));
    await message.ack();
    if (found.length === count) break;
  }
  return found;
});
