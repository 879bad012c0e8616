import type { Channel } from "amqplib";
import { untilClosed } from "./until-closed.js";

/** Closes a channel; resolves when it has ended, by whatever. */
export async function closeChannel(channel: Channel): Promise<void> {
  await untilClosed(channel, channel.close()).catch(() => undefined);
}
