// A worker that never gets further than making the socket that reads its FIFO.
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { parentPort, workerData } from "node:worker_threads";

class StuckSocket {
  constructor() {
    parentPort?.postMessage("stuck");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
}
Object.assign(net, { Socket: StuckSocket });
syncBuiltinESMExports();
const { attach } = await import("interproc");
await (attach(workerData as string) as { recv(): Promise<unknown> }).recv();
