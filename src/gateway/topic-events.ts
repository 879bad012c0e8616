import type { AsyncSubscription } from "../async-topic.js";
import { shownMessage } from "./shown-message.js";

const BEAT_MS = 15_000;

/**
 * What a subscription sees as Server-Sent Events. Who does not read is waited for, and misses what the topic drops. `gone` is
 * called once, at the end.
 */
export function topicEvents(
  subscription: AsyncSubscription,
  signal: AbortSignal,
  gone: () => void,
): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  const messages = subscription.messages({ signal });
  let beat: NodeJS.Timeout | undefined;
  const end = async (): Promise<void> => {
    clearInterval(beat);
    gone();
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
        const data = shownMessage(message, subscription.missed);
        await message.ack();
        controller.enqueue(text.encode(`event: message\ndata: ${data}\n\n`));
      } catch (error) {
        await end();
        if (signal.aborted) controller.close();
        else controller.error(error);
      }
    },
    cancel: end,
  });
}
