// Tutorial 7, Publisher Confirms: one by one, in batches, and as they come.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const messages = Array.from({ length: Number(process.argv[2] ?? 100) }, (_, n) => String(n));
await using rabbit = await openRabbit(url);
await rabbit.queueDeclare(named("confirmed"));
const publish = (text: string): Promise<void> => rabbit.publish("", named("confirmed"), text, { mandatory: true });

for (const text of messages) await publish(text);
console.log("confirmed", messages.length, "one by one");
for (let n = 0; n < messages.length; n += 10) await Promise.all(messages.slice(n, n + 10).map(publish));
console.log("confirmed", messages.length, "in batches");
await Promise.all(messages.map(publish));
console.log("confirmed", messages.length, "as they come");

await rabbit.publish("", named("nobody"), "lost", { mandatory: true }).catch((error) => console.log(error.name));
