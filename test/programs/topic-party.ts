// Publishes numbers, takes some as a member of a group, and hears all, saying each step: URL FIRST
import { writeSync } from "node:fs";
import { openTopic } from "interproc";

const [url, first] = process.argv.slice(2);
const topic = await openTopic<number>(url);
// what was said before a kill has been said: a stream would hold back what its reader is too slow for
const say = (line: string): void => void writeSync(1, `${line}\n`);
const publishing = async (lane: number): Promise<void> => {
  for (let n = Number(first) + lane; ; n += 2) {
    say(`begun ${n}`);
    await topic.publish(n, { key: n % 3 === 0 ? "all.third" : "all" });
    say(`published ${n}`);
  }
};
const taking = async (group: string, pattern: string): Promise<void> => {
  const member = await topic.subscribe(pattern, { group, durable: true, prefetch: 4 });
  for await (const message of member.messages()) {
    say(`got ${group} ${message.value}${message.redelivered ? " again" : ""}`);
    await message.ack();
    say(`acked ${group} ${message.value}`);
  }
};
const hearing = async (): Promise<void> => {
  const all = await topic.subscribe();
  say("listens");
  for await (const value of all) say(`heard ${value} ${all.missed}`);
};
await Promise.all([hearing(), taking("workers", "#"), taking("thirds", "#.third"), publishing(0), publishing(1)]);
