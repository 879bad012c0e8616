import type { WebSocket } from "ws";
import type { AsyncSubscription, AsyncTopicMessage } from "../async-topic.js";

/** Who has not shown life between two beats is gone. */
const BEAT_MS = 15_000;
/** So much may be on its way; then the reader is waited for. */
const MOST_BUFFERED = 1 << 20;
const GOING_AWAY = 1001;
const NOT_ACCEPTED = 1003;
const FAILED = 1011;
const MOST_REASON = 120;

/** What a WebSocket's messages are made of. */
export type TopicWriter = (message: AsyncTopicMessage<unknown>, missed: number) => string | Uint8Array;

/*
 * A subscription over a WebSocket
 *
 * Idea    A message of the socket for each message of the topic, `{"open":true}` first. Nothing comes back: what is published
 *         is posted.
 * Order   The topic's own.
 * Death   Of a client that says nothing: within two beats, by a ping that is not answered while nothing of what was sent got
 *         through. A slow one lives as long as some of it does.
 * Limits  1 MiB is on its way at most. Meanwhile the topic goes on, and what it drops is counted in `missed`.
 */
export async function topicSocket(
  socket: WebSocket,
  subscription: AsyncSubscription,
  write: TopicWriter,
  signal: AbortSignal,
): Promise<void> {
  let isAlive = true;
  const lives = (): void => {
    isAlive = true;
  };
  const beat = setInterval(() => {
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, BEAT_MS).unref();
  const gone = new AbortController();
  const close = (): void => socket.close(GOING_AWAY, "the gateway closes");
  signal.addEventListener("abort", close, { once: true });
  socket.on("pong", lives);
  socket.on("error", () => undefined);
  socket.once("message", () => socket.close(NOT_ACCEPTED, "nothing is sent here; publish by POST"));
  socket.once("close", () => gone.abort());
  try {
    socket.send('{"open":true}');
    for await (const message of subscription.messages({ signal: AbortSignal.any([gone.signal, signal]) })) {
      const data = write(message, subscription.missed);
      await message.ack();
      await sent(socket, data, lives);
    }
    socket.close(GOING_AWAY);
  } catch (error) {
    if (!gone.signal.aborted && !signal.aborted) socket.close(FAILED, reasonOf(error));
  } finally {
    clearInterval(beat);
    signal.removeEventListener("abort", close);
    await subscription.close();
  }
}

/** In as few bytes as a close has room for. */
const reasonOf = (error: unknown): string =>
  (error as Error).message.replace(/[^\x20-\x7e]/g, "?").slice(0, MOST_REASON);

/** Sends; resolves at once, or when the system has it if more than enough is on its way already. */
function sent(socket: WebSocket, data: string | Uint8Array, lives: () => void): Promise<void> | undefined {
  if (socket.bufferedAmount <= MOST_BUFFERED) {
    socket.send(data, lives);
    return undefined;
  }
  return new Promise((resolve) =>
    socket.send(data, () => {
      lives();
      resolve();
    }),
  );
}
