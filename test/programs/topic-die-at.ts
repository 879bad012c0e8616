// Publishes and takes, and kills itself at a step with its files, or amid a write: PATH STEP before|amid
import { writeSync } from "node:fs";
import { type FileDoor, realFiles } from "#src/brokers/file/file-door.js";
import { openedTopic } from "../brokers/file/opened-topic.js";

const [path, dieAt, how] = process.argv.slice(2);
let steps = 0;
const step = (half?: () => void): void => {
  if (how === "amid" && half === undefined) return;
  if (++steps !== Number(dieAt)) return;
  if (how === "amid") half?.();
  process.kill(process.pid, "SIGKILL");
};
const say = (line: string): void => void writeSync(1, `${line}\n`);
const door: FileDoor = {
  ...realFiles,
  write: (fd, bytes, position) => {
    step(() => realFiles.write(fd, bytes.subarray(0, bytes.length >> 1), position));
    return realFiles.write(fd, bytes, position);
  },
  sync: async (fd) => {
    step();
    await realFiles.sync(fd);
    step();
  },
  syncFolder: async (folder) => {
    step();
    await realFiles.syncFolder(folder);
  },
  truncate: (fd, bytes) => {
    step();
    realFiles.truncate(fd, bytes);
  },
  rename: (from, to) => {
    step();
    realFiles.rename(from, to);
    step();
  },
};
const topic = await openedTopic<number>(path, { door, leastToRewrite: 4600 });
const group = await topic.subscribe("#", { group: "workers", durable: true, prefetch: 1 });
for (let n = 0; n < 4; n++) {
  say(`begun ${n}`);
  await topic.publish(n);
  say(`published ${n}`);
  if (n % 2 === 0) continue;
  for await (const message of group.messages()) {
    say(`taken ${message.value}`);
    await message.ack();
    say(`acked ${message.value}`);
    break;
  }
}
await topic.close();
