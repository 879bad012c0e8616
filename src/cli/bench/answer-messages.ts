import type { Channel } from "./channel.js";
import { message } from "./message.js";

/** The other side of every channel: does what messages say, until it is ended. */
export async function answerMessages(channel: Channel): Promise<void> {
  let total = 0;
  for (;;) {
    for (const received of await channel.recvMany()) {
      if (message.isEcho(received)) {
        await channel.send(received);
        continue;
      }
      total++;
      if (message.isAsking(received)) await channel.send(message.receipt(total));
    }
  }
}
