// A worker thread that does what a task of these programs does: { name, args }, each of them a ticket or a value.
import { parentPort, workerData } from "node:worker_threads";
import { attach } from "interproc";
import { awaitBarrier } from "./await-barrier.js";
import { awaitEvent } from "./await-event.js";
import { awaitNotice } from "./await-notice.js";
import { contend } from "./contend.js";
import { countUnderLock } from "./count-under-lock.js";
import { crowd } from "./crowd.js";
import { holdAccess } from "./hold-access.js";
import { holdLock } from "./hold-lock.js";
import { holdPermits } from "./hold-permits.js";
import { readAndWrite } from "./read-and-write.js";

const held = { contend, countUnderLock, crowd, holdAccess, holdLock, holdPermits, readAndWrite };
const tasks = { awaitBarrier, awaitEvent, awaitNotice, ...held };
const { name, args } = workerData as { name: keyof typeof tasks; args: { ticket?: string; value?: unknown }[] };
const given = args.map(({ ticket, value }) => (ticket ? attach(ticket) : value));
parentPort?.postMessage(await (tasks[name] as (...given: unknown[]) => unknown)(...given));
