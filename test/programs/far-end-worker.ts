// A worker thread that has the far ends of connections: it attaches to what was shared.
import { parentPort } from "node:worker_threads";
import { attach, type Connection } from "interproc";
import { type Order, perform, take } from "./far-end.js";

parentPort?.on("message", async (order: Order) => {
  if (order.method === "take") take(order.end, attach<Connection>(order.args[0] as string));
  parentPort?.postMessage(await perform(order));
});
