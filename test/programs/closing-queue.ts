// Opens a queue, has a message of it, and closes it when its standard input ends: URL
import { openQueue } from "interproc";

const queue = await openQueue(process.argv[2]);
await queue.put("a");
await queue.take();
process.stdin.once("end", () => queue.close().then(() => console.log("closed"))).resume();
console.log("open");
