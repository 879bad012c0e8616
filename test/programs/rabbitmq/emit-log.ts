// Tutorial 3, Publish/Subscribe: a line for everybody who listens now.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const line = process.argv.slice(2).join(" ") || "info: Hello World!";
await using rabbit = await openRabbit(url);
await rabbit.exchangeDeclare(named("logs"), "fanout");
await rabbit.publish(named("logs"), "", line);
console.log("sent", line);
