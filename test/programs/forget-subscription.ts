// Forgets a subscription of a lossless topic, has the garbage collected, and publishes what would wait for it.
import { setImmediate as turn } from "node:timers/promises";
import { Topic } from "interproc";

const collect = (globalThis as unknown as { gc(): void }).gc;
const topic = new Topic<Uint8Array>({ capacity: 8192, lossless: true });

function forget(): void {
  topic.subscribe();
}

forget();
const before = topic.subscribers;
for (let turns = 0; turns < 200 && topic.subscribers > 0; turns++) {
  collect();
  await turn();
}
for (let i = 0; topic.subscribers === 0 && i < 20; i++) await topic.publish(new Uint8Array(1000), { timeout: 5000 });
console.log(`${before} then ${topic.subscribers}, and published`);
process.exit(0);
