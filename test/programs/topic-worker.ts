// A worker thread that hands back what it gets from a topic, by the forms that block.
import { parentPort, workerData } from "node:worker_threads";
import { attach, type Topic } from "interproc";

const topic = attach<Topic<unknown>>((workerData as { topic: string }).topic);
const subscription = topic.subscribe("to");
parentPort?.postMessage("subscribed");
for (let value = subscription.getSync(); value !== "end"; value = subscription.getSync())
  topic.publishSync(value, { key: "back" });
topic.close();
