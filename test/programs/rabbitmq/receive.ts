// Tutorial 1, Hello World: prints what comes to the queue.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const rabbit = await openRabbit(url);
await rabbit.queueDeclare(named("hello"));
const messages = await rabbit.consume(named("hello"), { autoAck: true });
console.log("waiting");
for await (const message of messages) console.log("received", message.text);
