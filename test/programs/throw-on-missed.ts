// Its onMissed throws; it goes on, and tells what it got all the same.
import { Topic } from "interproc";

const topic = new Topic<number>({ capacity: 8192 });
const subscription = topic.subscribe();
subscription.onMissed = () => {
  throw new Error("from onMissed");
};
for (let i = 0; i < 1000; i++) topic.tryPublish(i);
const first = subscription.tryTake();
const second = subscription.tryTake();
process.once("uncaughtException", ({ message }) => {
  const isNext = (second?.value as number) === (first?.value as number) + 1;
  console.log(`${message}; ${first?.value === subscription.missed && isNext}`);
});
