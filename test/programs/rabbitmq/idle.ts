// Has a connection and a consumer, and waits for nothing: it ends by itself.
import { openRabbit } from "interproc";
import { url } from "./server.js";

const rabbit = await openRabbit(url);
const { queue } = await rabbit.queueDeclare("", { exclusive: true });
const consumer = await rabbit.consume(queue);
await rabbit.publish("", queue, "one");
console.log("got", (await consumer.get()).text);
