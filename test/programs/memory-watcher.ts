// A worker thread with everything open that the addon has, to be terminated in the midst of it.
import { constants } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Registry } from "#src/memory/registry.js";
import { addon, type LoopReader } from "#src/native/addon.js";
import { Peers } from "#src/sync/peers.js";

const { path } = workerData as { path: string };
const fifo = addon().open(`${path}/fifo`, constants.O_RDWR | constants.O_NONBLOCK, 0);
const reader = addon().watchRead(fifo, () => undefined) as LoopReader;
addon().holdLoop(reader, 1);
const [mine, other] = [Registry.attach(), Registry.attach()];
new Peers(mine).watch(other.self);
parentPort?.postMessage("ready");
const peers = new Peers(other);
for (;;) {
  peers.watch(mine.self);
  peers.forget(mine.self);
}
