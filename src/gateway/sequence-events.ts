import type { Body } from "./bodies.js";
import type { Problem } from "./problem.js";
import { problemResponse } from "./problem-response.js";

type Sequence = AsyncIterable<unknown> | Iterator<unknown>;

/**
 * A sequence as Server-Sent Events, each item when its reader has room for it; who goes away ends the sequence. `gone` is
 * called once, at the end.
 */
export function sequenceEvents(
  sequence: Sequence,
  encode: (item: unknown) => Body,
  thrown: (error: unknown) => Problem,
  signal: AbortSignal,
  gone: () => void,
): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  const items: AsyncIterator<unknown> | Iterator<unknown> =
    Symbol.asyncIterator in sequence ? sequence[Symbol.asyncIterator]() : sequence;
  let isOver = false;
  const end = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    gone();
    await items.return?.();
  };
  const event = (name: string, data: string): Uint8Array => text.encode(`event: ${name}\ndata: ${data}\n\n`);
  return new ReadableStream({
    start(controller) {
      signal.addEventListener(
        "abort",
        () => {
          if (isOver) return;
          controller.close();
          end().catch(() => undefined);
        },
        { once: true },
      );
    },
    async pull(controller) {
      try {
        const { value, done } = await items.next();
        if (isOver) return;
        if (!done) return controller.enqueue(event("item", Buffer.from(encode(value).bytes).toString()));
        controller.enqueue(event("end", "{}"));
      } catch (error) {
        if (isOver) return;
        controller.enqueue(event("error", await problemResponse(thrown(error)).text()));
      }
      isOver = true;
      gone();
      controller.close();
    },
    cancel: () => end().catch(() => undefined),
  });
}
