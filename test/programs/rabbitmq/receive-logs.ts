// Tutorial 3, Publish/Subscribe: prints every line, through a queue of its own.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const rabbit = await openRabbit(url);
await rabbit.exchangeDeclare(named("logs"), "fanout");
const { queue } = await rabbit.queueDeclare("", { exclusive: true });
await rabbit.queueBind(queue, named("logs"));
const lines = await rabbit.consume(queue, { autoAck: true });
console.log("waiting");
for await (const line of lines) console.log("received", line.text);
