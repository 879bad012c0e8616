import { answerMessages } from "./answer-messages.js";
import { childProcessChannel } from "./child-process-channel.js";

/* The program that `child-process.ts` forks. */
await answerMessages(childProcessChannel(process));
