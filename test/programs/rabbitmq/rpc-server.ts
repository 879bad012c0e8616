// Tutorial 6, Remote procedure call: answers with Fibonacci's numbers.
import { openRabbit } from "interproc";
import { named, url } from "./server.js";

const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

const rabbit = await openRabbit(url);
await rabbit.queueDeclare(named("rpc_queue"));
const questions = await rabbit.consume(named("rpc_queue"), { prefetch: 1 });
console.log("waiting");
for await (const question of questions) {
  console.log("asked", question.text);
  await question.reply(String(fibonacci(Number(question.text))));
  await question.ack();
}
