import type { Channel } from "amqplib";
import { nextTurn } from "../../loop-turn.js";

/**
 * The same, or a failure when the channel ends first: the driver leaves calls unanswered that wait for the end of a channel,
 * or for the rest of a message, when the connection breaks.
 */
export function untilClosed<R>(channel: Channel, work: Promise<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    // a call that is told why it failed comes first
    const over = (): void => void nextTurn().then(() => reject(new Error("channel closed")));
    channel.once("close", over);
    work.then(resolve, reject).finally(() => channel.off("close", over));
  });
}
