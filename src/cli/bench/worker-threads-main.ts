import { type MessagePort, parentPort } from "node:worker_threads";
import { answerMessages } from "./answer-messages.js";
import { portChannel } from "./port-channel.js";

/* What the thread runs that `worker-threads.ts` starts. */
await answerMessages(portChannel(parentPort as MessagePort));
