// A worker thread that spawns a child, gives it the end that it got, and tells its pid.
import { parentPort, workerData } from "node:worker_threads";
import { attach, type Connection, spawn } from "interproc";
import { echoing } from "./piping.js";

const child = spawn(echoing, [attach<Connection>(workerData)]);
parentPort?.postMessage(child.pid);
