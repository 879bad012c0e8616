// Tutorial 4, Routing: prints the lines of some severities.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const severities = process.argv.slice(2);
if (severities.length === 0) throw new Error("usage: receive-logs-direct [info] [warning] [error]");
const rabbit = await openRabbit(url);
await rabbit.exchangeDeclare(named("direct_logs"), "direct");
const { queue } = await rabbit.queueDeclare("", { exclusive: true });
for (const severity of severities) await rabbit.queueBind(queue, named("direct_logs"), severity);
const lines = await rabbit.consume(queue, { autoAck: true });
console.log("waiting");
for await (const line of lines) console.log("received", line.routingKey, line.text);
