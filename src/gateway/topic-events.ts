import type { AsyncSubscription } from "../async-topic.js";
import { isJson } from "./is-json.js";

const BEAT_MS = 15_000;

/** What a subscription sees as Server-Sent Events. Who does not read is waited for, and misses what the topic drops. */
export function topicEvents(subscription: AsyncSubscription, signal: AbortSignal): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  const messages = subscription.messages({ signal });
  let beat: NodeJS.Timeout | undefined;
  const end = async (): Promise<void> => {
    clearInterval(beat);
    await subscription.close();
  };
  return new ReadableStream({
    start(controller) {
      controller.enqueue(text.encode("event: open\ndata: {}\n\n"));
      // also finds out that nobody is there any more
      beat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(text.encode(": alive\n\n"));
      }, BEAT_MS).unref();
    },
    async pull(controller) {
      try {
        const { value: message, done } = await messages.next();
        if (done) {
          await end();
          return controller.close();
        }
        const data = { key: message.key, ...shown(message), missed: subscription.missed };
        await message.ack();
        controller.enqueue(text.encode(`event: message\ndata: ${JSON.stringify(data)}\n\n`));
      } catch (error) {
        await end();
        if (signal.aborted) controller.close();
        else controller.error(error);
      }
    },
    cancel: end,
  });
}

function shown(message: { readonly value: unknown }): { value: unknown } | { base64: string } | { error: string } {
  let value: unknown;
  try {
    ({ value } = message);
  } catch (error) {
    return { error: (error as Error).message };
  }
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
  return isJson(value) ? { value } : { error: "JSON cannot carry the value" };
}
