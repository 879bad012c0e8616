// Tutorial 5, Topics: a line under a key of several words.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const [key = "anonymous.info", ...words] = process.argv.slice(2);
const line = words.join(" ") || "Hello World!";
await using rabbit = await openRabbit(url);
await rabbit.exchangeDeclare(named("topic_logs"), "topic");
await rabbit.publish(named("topic_logs"), key, line);
console.log("sent", key, line);
