// Tutorial 6, Remote procedure call: asks, with a queue of its own for the answers.
import { randomUUID } from "node:crypto";
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

await using rabbit = await openRabbit(url);
const { queue: replyTo } = await rabbit.queueDeclare("", { exclusive: true });
const answers = await rabbit.consume(replyTo, { autoAck: true });

async function fibonacci(n: number): Promise<number> {
  const correlationId = randomUUID();
  await rabbit.publish("", named("rpc_queue"), String(n), { replyTo, correlationId });
  for (;;) {
    const answer = await answers.get();
    if (answer.properties.correlationId === correlationId) return Number(answer.text);
  }
}

for (const n of process.argv.slice(2)) console.log("got", await fibonacci(Number(n)));
