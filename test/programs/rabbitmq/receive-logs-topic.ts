// Tutorial 5, Topics: prints the lines whose keys match a pattern.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const patterns = process.argv.slice(2);
if (patterns.length === 0) throw new Error("usage: receive-logs-topic PATTERN…");
const rabbit = await openRabbit(url);
await rabbit.exchangeDeclare(named("topic_logs"), "topic");
const { queue } = await rabbit.queueDeclare("", { exclusive: true });
for (const pattern of patterns) await rabbit.queueBind(queue, named("topic_logs"), pattern);
const lines = await rabbit.consume(queue, { autoAck: true });
console.log("waiting");
for await (const line of lines) console.log("received", line.routingKey, line.text);
