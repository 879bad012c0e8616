// Puts numbers and takes some of them, saying each step: URL FIRST
import { writeSync } from "node:fs";
import { openQueue } from "#src/brokers/open-queue.js";

const [url, first] = process.argv.slice(2);
const queue = await openQueue<number>(url);
// what was said before a kill has been said: a stream would hold back what its reader is too slow for
const say = (line: string): void => void writeSync(1, `${line}\n`);
const putting = async (lane: number): Promise<void> => {
  for (let n = Number(first) + lane; ; n += 4) {
    say(`begun ${n}`);
    await queue.put(n);
    say(`put ${n}`);
  }
};
const taking = async (): Promise<void> => {
  for await (const message of queue.messages()) {
    if (message.deliveries === 1 && message.redelivered) say(`unflagged ${message.value}`);
    say(`got ${message.value}${message.redelivered ? " again" : ""}`);
    await message.ack();
    say(`acked ${message.value}`);
  }
};
await Promise.all([putting(0), putting(1), putting(2), putting(3), taking()]);
