// Has a loop door and nothing else to do: memory-door held|free|let-go. It is woken after a while, if it still runs.
import { registry } from "#src/memory/this-thread.js";
import { addon } from "#src/native/addon.js";
import { openLoopDoor } from "#src/sync/loop-door.js";

const { fifo } = registry();
const door = openLoopDoor(fifo, () => {
  console.log("woken");
  door.hold(false);
});
if (process.argv[2] !== "free") door.hold(true);
if (process.argv[2] === "let-go") door.hold(false);
console.log("open");
setTimeout(() => addon().poke(fifo), 100).unref();
