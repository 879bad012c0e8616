// Tutorial 2, Work Queues: does one task after the other, and acknowledges each when it is done.
import { setTimeout as sleep } from "node:timers/promises";
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const rabbit = await openRabbit(url);
await rabbit.queueDeclare(named("task_queue"), { type: "quorum" });
const tasks = await rabbit.consume(named("task_queue"), { prefetch: 1 });
console.log("waiting");
for await (const task of tasks) {
  console.log("received", task.text);
  await sleep(10 * (task.text.split(".").length - 1));
  console.log("done", task.text);
  await task.ack();
}
