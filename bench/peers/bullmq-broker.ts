import { once } from "node:events";
import { underWay } from "../broker-question.js";
import { loadPeerPackage } from "../peer-packages.js";
import type { BenchedBroker, BrokerPlace } from "./benched-broker.js";

interface Job {
  readonly data: { readonly body: string };
}
interface Closable {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}
interface JobQueue extends Closable {
  add(name: string, data: Job["data"], options: object): Promise<unknown>;
  addBulk(jobs: readonly { name: string; data: Job["data"]; opts: object }[]): Promise<unknown>;
  getJobCounts(...states: string[]): Promise<Record<string, number>>;
  obliterate(options: object): Promise<void>;
}
interface Package {
  Queue: new (name: string, options: object) => JobQueue;
  Worker: new (
    name: string,
    work: (job: Job) => Promise<void>,
    options: object,
  ) => Closable & {
    on(event: "completed" | "error", listener: (job: Job) => void): void;
  };
}

/** BullMQ, whose jobs are JSON: bytes go as base64. What is done is dropped, as a queue drops what is acknowledged. */
export async function openBullmq({ url, name }: BrokerPlace): Promise<BenchedBroker> {
  const { Queue, Worker } = loadPeerPackage<Package>("bullmq");
  const { hostname: host, port, password } = new URL(url);
  const connection = { host, port: Number(port), password, maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  const opts = { removeOnComplete: true, removeOnFail: true };
  const dataOf = (body: Buffer): Job["data"] => ({ body: body.toString("base64") });
  return {
    put: (body) => queue.add("message", dataOf(body), opts),
    putMany: (bodies) => queue.addBulk(bodies.map((body) => ({ name: "message", data: dataOf(body), opts }))),
    async consume(seen, acksUnderWay, stop) {
      const options = { connection, concurrency: acksUnderWay ? underWay : 1 };
      const worker = new Worker(name, async () => undefined, options);
      worker.on("completed", ({ data }) => seen(Buffer.from(data.body, "base64")));
      if (!stop.aborted) await once(stop, "abort");
      await worker.close();
    },
    async clear() {
      const { waiting = 0, active = 0 } = await queue.getJobCounts("waiting", "active");
      await queue.obliterate({ force: true });
      return waiting + active;
    },
    close: () => queue.close(),
  };
}
