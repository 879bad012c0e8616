import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { answer, type PipeQuestion } from "../answer.js";
import { byteLength, bytesMessages, type Reading, reading } from "../payload.js";
import { measureOneWay, measureRoundTrips } from "../rounds.js";
import { checkTally, Tally, type TallyCount } from "../tally.js";

/*
 * postMessage to a worker: threads of one process, not two processes. It queues without a limit, so the receiver
 * confirms every window of messages and the sender keeps two windows on the way.
 */
if (isMainThread) answer<PipeQuestion>(drive);
else receive(workerData as PipeQuestion);

type Reply = "window" | TallyCount | Reading | Uint8Array;

async function drive(question: PipeQuestion) {
  const { payload, measure, seconds } = question;
  const message = payload === "object" ? reading : bytesMessages(payload);
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: question });
  const replies: Reply[] = [];
  let wake: (() => void) | undefined;
  let failed: Error | undefined;
  worker.on("message", (reply: Reply) => {
    replies.push(reply);
    wake?.();
  });
  worker.on("error", (error: Error) => {
    failed = error;
    wake?.();
  });
  const nextReply = async (): Promise<Reply> => {
    while (replies.length === 0) {
      if (failed !== undefined) throw failed;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return replies.shift() as Reply;
  };

  const round = async (count: number): Promise<number> => {
    const start = performance.now();
    worker.postMessage(count);
    const size = windowSize(question);
    for (let i = 0; i < count; i++) {
      if (i >= 2 * size && i % size === 0) await nextReply();
      worker.postMessage(message(i));
    }
    let reply = await nextReply();
    while (reply === "window") reply = await nextReply();
    const took = (performance.now() - start) / 1000;
    checkTally(payload, count, reply as TallyCount);
    return took;
  };

  const trips = (micros: Float64Array): Promise<void> =>
    new Promise((resolve, reject) => {
      const tally = new Tally(payload);
      let trip = 0;
      let start = performance.now();
      worker.removeAllListeners("message");
      worker.once("error", reject);
      worker.on("message", (reply: Reply) => {
        if (payload === "object") tally.object(reply as Reading);
        else tally.bytes(reply as Uint8Array);
        micros[trip++] = (performance.now() - start) * 1000;
        if (trip < micros.length) {
          start = performance.now();
          worker.postMessage(message(trip));
          return;
        }
        worker.off("error", reject);
        try {
          checkTally(payload, trip, tally.take());
          resolve();
        } catch (error) {
          reject(error);
        }
      });
      worker.postMessage(message(0));
    });

  const figures = measure === "one-way" ? await measureOneWay(seconds, round) : await measureRoundTrips(seconds, trips);
  await worker.terminate();
  return figures;
}

function receive(question: PipeQuestion): void {
  const { payload, measure } = question;
  const port = parentPort;
  if (port === null) throw new Error("worker-thread: the receiver must run in a worker");
  const tally = new Tally(payload);
  const size = windowSize(question);
  let expected = 0;
  let seen = 0;
  port.on("message", (message: Reading | Uint8Array | number) => {
    if (measure === "round-trip") {
      port.postMessage(message);
    } else if (expected === 0) {
      expected = message as number;
    } else {
      if (payload === "object") tally.object(message as Reading);
      else tally.bytes(message as Uint8Array);
      seen++;
      if (seen === expected) {
        expected = seen = 0;
        port.postMessage(tally.take());
      } else if (seen % size === 0) {
        port.postMessage("window");
      }
    }
  });
}

/** Messages between two confirmations: up to 4,096, or 4 MiB of bytes. */
function windowSize({ payload }: PipeQuestion): number {
  return payload === "object" ? 4096 : Math.min(4096, (4 * 1024 * 1024) / byteLength(payload));
}
