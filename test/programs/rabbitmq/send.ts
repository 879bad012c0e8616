// Tutorial 1, Hello World: one message to a queue.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

await using rabbit = await openRabbit(url);
await rabbit.queueDeclare(named("hello"));
await rabbit.publish("", named("hello"), "Hello World!");
console.log("sent Hello World!");
