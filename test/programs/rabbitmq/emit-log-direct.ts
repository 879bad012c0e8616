// Tutorial 4, Routing: a line for those who listen to its severity.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const [severity = "info", ...words] = process.argv.slice(2);
const line = words.join(" ") || "Hello World!";
await using rabbit = await openRabbit(url);
await rabbit.exchangeDeclare(named("direct_logs"), "direct");
await rabbit.publish(named("direct_logs"), severity, line);
console.log("sent", severity, line);
