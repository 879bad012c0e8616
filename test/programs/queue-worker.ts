// A worker thread that passes on what it gets from one queue to another, by the forms that block.
import { workerData } from "node:worker_threads";
import { attach, type Queue } from "interproc";

const { from, to, way } = workerData as { from: string; to: string; way: "drain" | "leave" };
const source = attach<Queue<unknown>>(from);
const target = attach<Queue<unknown>>(to);
if (way === "leave") {
  target.putSync([source.takeSync().value, source.takeSync().value]);
} else {
  try {
    for (;;) target.putSync(source.getSync());
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_INTERPROC_CLOSED") throw error;
  }
  source.close();
  target.close();
}
