// Tutorial 2, Work Queues: a task that survives a restart of the server; each dot in it is a step of work.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const task = process.argv.slice(2).join(" ") || "Hello World!";
await using rabbit = await openRabbit(url);
await rabbit.queueDeclare(named("task_queue"), { type: "quorum" });
await rabbit.publish("", named("task_queue"), task, { persistent: true });
console.log("sent", task);
