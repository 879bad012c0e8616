// A user of queues by url: ROLE URL [URL]
import { openQueue } from "interproc";

const [role, url, other = url] = process.argv.slice(2);
const queue = await openQueue<unknown>(url);
if (role === "square") {
  const results = await openQueue<number>(other);
  for await (const message of queue.messages()) {
    await results.put((message.value as number) ** 2);
    await message.ack();
  }
} else if (role === "hold") {
  for await (const message of queue.messages()) {
    console.log(`holds ${message.value}`);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
} else if (role === "produce") {
  for (let n = 0; ; n++) {
    await queue.put(n);
    console.log(`confirmed ${n}`);
  }
}
// "idle": nothing is pending, so this process ends by itself
