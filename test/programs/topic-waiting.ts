// A process with a wait at a topic, or without one: it ends by itself as soon as nothing keeps it.
import { Topic } from "interproc";

const topic = new Topic<number | Uint8Array>({ capacity: 8192, lossless: true });
const one = topic.subscribe();
const [what, ref] = process.argv[2].split("-");
if (what === "get") {
  if (ref === "unref") one.unref();
  void one.get().then(console.log);
  if (ref === "ref") one.unref().ref();
  if (ref !== "unref") setTimeout(() => topic.tryPublish(1), 20).unref();
} else if (what === "publish") {
  if (ref === "unref") topic.unref();
  while (topic.tryPublish(new Uint8Array(1000)));
  void topic.publish(new Uint8Array(1000)).then(() => console.log("published"));
  if (ref !== "unref") setTimeout(() => one.tryGet(), 20).unref();
}
