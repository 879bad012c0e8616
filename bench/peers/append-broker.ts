import { open } from "node:fs/promises";
import { join } from "node:path";
import type { BenchedBroker, BrokerPlace } from "./benched-broker.js";

/** No queue: the least that a durable one must do, which is to append to a file and wait until the disk has it. */
export async function openAppend({ folder }: BrokerPlace): Promise<BenchedBroker> {
  const file = await open(join(folder, "log"), "a");
  let count = 0;
  const append = async (bytes: Buffer, messages: number): Promise<void> => {
    await file.write(bytes);
    await file.datasync();
    count += messages;
  };
  return {
    put: (body) => append(body, 1),
    putMany: (bodies) => append(Buffer.concat(bodies), bodies.length),
    async clear() {
      await file.truncate();
      const found = count;
      count = 0;
      return found;
    },
    close: () => file.close(),
  };
}
