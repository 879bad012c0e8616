// Uses a topic by its url: hear | hold | lose | idle, URL
import { openTopic } from "interproc";

const [role, url] = process.argv.slice(2);
const topic = await openTopic<number>(url);
if (role === "hear") {
  const all = await topic.subscribe();
  console.log("listens");
  for await (const value of all) console.log(`heard ${value}`);
} else if (role === "hold") {
  const member = await topic.subscribe("#", { group: "workers", durable: true, prefetch: 1 });
  console.log("joined");
  for await (const message of member.messages()) {
    if (message.value === 0) {
      await message.ack();
      console.log("acknowledged 0");
    } else {
      console.log(`holds ${message.value}`);
      await new Promise((resolve) => setTimeout(resolve, 1e6));
    }
  }
} else if (role === "lose") {
  await topic.subscribe("#", { group: "ears" });
  console.log("joined");
  setTimeout(() => undefined, 1e6);
} else {
  await topic.subscribe();
  await topic.subscribe("#", { group: "workers", durable: true });
}
