import { workerData } from "node:worker_threads";
import { attach, type Connection, expose } from "interproc";
import { shop } from "./serving.js";

expose(attach<Connection>(workerData as string), shop);
