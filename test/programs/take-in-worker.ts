// A worker thread that attaches to a value that was shared with it, and adds to it.
import { workerData } from "node:worker_threads";
import { attach, type SharedValue } from "interproc";

const value = attach<SharedValue<"i32">>(workerData as string);
value.add(2);
value.close();
