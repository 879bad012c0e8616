// Has a watched FIFO and nothing else to do: memory-reader held|free|let-go. It is poked after a while, if it still runs.
import { constants, rmSync } from "node:fs";
import { addon, type LoopReader } from "#src/native/addon.js";

const path = `${process.env.INTERPROC_DIR}/reader-${process.pid}`;
addon().mkfifo(path, 0o600);
const fifo = addon().open(path, constants.O_RDWR | constants.O_NONBLOCK, 0);
rmSync(path);
const reader = addon().watchRead(fifo, () => {
  console.log("woken");
  addon().holdLoop(reader, 0);
}) as LoopReader;
if (process.argv[2] !== "free") addon().holdLoop(reader, 1);
if (process.argv[2] === "let-go") addon().holdLoop(reader, 0);
console.log("open");
setTimeout(() => addon().poke(fifo), 100).unref();
