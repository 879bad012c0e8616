import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AsyncQueue, openQueue, SharedValue } from "interproc";
import { answer } from "../answer.js";
import { brokerModes, type PeerQuestion } from "../broker-cells.js";
import { type BrokerCount, BrokerLetters, checkBrokerCounts } from "../broker-letters.js";
import { backends, underWay } from "../broker-question.js";
import { startPartner } from "../partner.js";
import { type Figures, measureOneWay } from "../rounds.js";
import { type BenchedBroker, type BrokerPlace, openBroker } from "./benched-broker.js";

/** What a consumer's process is told, and says: begin with a round of so many, of all; stop; and what it has counted. */
type Order = { readonly go: number } | "stop";
type Word = "ready" | "done" | BrokerCount;
type Question = PeerQuestion & { readonly place?: BrokerPlace; readonly counter?: string };

/**
 * The queue of a broker, used by whichever peer the question names. Who puts is this process; each consumer is one of its
 * own. What was put, or is left over, is counted by dropping it, outside of the measured time.
 */
export function benchBroker(): void {
  answer<Question>(drive, serveConsumer);
}

async function drive(question: Question): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "interproc-bench-"));
  const place = placeOf(question, folder);
  // what the server keeps is the same for all: made with ours
  const checking = isOwnStore(question) ? undefined : await openQueue(place.url, { codec: "bytes" });
  const broker = await openBroker(question, place);
  const clear = async (): Promise<number> => (await broker.clear?.()) ?? (await (checking as AsyncQueue).purge());
  try {
    await clear();
    if (question.measure === "consume") return await measureConsumers(question, place, broker, clear);
    return await measurePuts(question, broker, clear);
  } finally {
    await broker.close();
    await checking?.delete();
    rmSync(folder, { recursive: true, force: true });
  }
}

function placeOf({ backend }: PeerQuestion, folder: string): BrokerPlace {
  const name = `bench-${process.pid}`;
  const { variable } = backends[backend];
  const server = variable === undefined ? undefined : process.env[variable];
  if (variable !== undefined && server === undefined) throw new Error(`${variable} does not say where the server is`);
  return { backend, name, folder, url: server === undefined ? `file:${join(folder, "queue")}` : `${server}/${name}` };
}

const isOwnStore = ({ as, backend }: PeerQuestion): boolean =>
  as === "BullMQ" || (backend === "file" && as !== "interproc");

async function measurePuts(
  { mode, measure, payload, seconds }: Question,
  broker: BenchedBroker,
  clear: () => Promise<number>,
): Promise<Figures> {
  const letters = new BrokerLetters(payload);
  return measureOneWay(seconds, async (count) => {
    const start = performance.now();
    if (measure === "puts") for (let id = 0; id < count; id++) await broker.put(letters.message(id));
    else if (mode === brokerModes.batch) await putBatches(broker, letters, count);
    else await putUnderWay(broker, letters, count);
    const took = (performance.now() - start) / 1000;
    const found = await clear();
    if (found !== count) throw new Error(`${found} messages were in the queue after ${count} puts`);
    return took;
  });
}

async function putUnderWay(broker: BenchedBroker, letters: BrokerLetters, count: number): Promise<void> {
  let next = 0;
  const putting = async (): Promise<void> => {
    while (next < count) await broker.put(letters.message(next++));
  };
  await Promise.all(Array.from({ length: Math.min(count, underWay) }, putting));
}

async function putBatches(broker: BenchedBroker, letters: BrokerLetters, count: number): Promise<void> {
  for (let first = 0; first < count; first += underWay) {
    const bodies = Array.from({ length: Math.min(underWay, count - first) }, (_, at) => letters.message(first + at));
    if (broker.putMany) await broker.putMany(bodies);
    else await Promise.all(bodies.map((body) => broker.put(body)));
  }
}

async function measureConsumers(
  question: Question,
  place: BrokerPlace,
  broker: BenchedBroker,
  clear: () => Promise<number>,
): Promise<Figures> {
  const counter = `bench-broker-${process.pid}`;
  using acknowledged = SharedValue.create(counter, "i32", 0);
  const partners = Array.from({ length: question.consumers }, () => startPartner({ ...question, place, counter }));
  const letters = new BrokerLetters(question.payload);
  try {
    await Promise.all(partners.map((partner) => heard(partner)));
    return await measureOneWay(question.seconds, async (count) => {
      await putBatches(broker, letters, count);
      acknowledged.value = 0;
      const start = performance.now();
      const done = Promise.race(partners.map((partner) => heard(partner)));
      for (const partner of partners) partner.send({ go: count } satisfies Order);
      await done;
      const took = (performance.now() - start) / 1000;
      const counts = partners.map((partner) => heard(partner) as Promise<BrokerCount>);
      for (const partner of partners) partner.send("stop" satisfies Order);
      checkBrokerCounts(count, await Promise.all(counts));
      const left = await clear();
      if (left !== 0) throw new Error(`${left} messages are in the queue after all were acknowledged`);
      return took;
    });
  } finally {
    for (const partner of partners) partner.kill("SIGTERM");
  }
}

async function heard(partner: ChildProcess): Promise<Word> {
  const [word] = (await once(partner, "message")) as [Word];
  return word;
}

/** Consumes from "go" to "stop", round after round. Whoever acknowledges the last message of all says so. */
async function serveConsumer(question: Question): Promise<void> {
  const { place, counter = "", payload, mode } = question;
  const broker = await openBroker(question, place as BrokerPlace);
  const acknowledged = SharedValue.open<"i32">(counter);
  const letters = new BrokerLetters(payload);
  const say = (word: Word): void => void process.send?.(word);
  let stop = new AbortController();
  let consuming: Promise<void> = Promise.resolve();
  process.on("message", (order: Order) => {
    if (order === "stop") {
      stop.abort();
      consuming.then(() => say(letters.total()), fail);
      return;
    }
    stop = new AbortController();
    const seen = (body: Uint8Array): void => {
      letters.take(body);
      if (acknowledged.add(1) + 1 === order.go) say("done");
    };
    if (broker.consume === undefined) throw new Error(`${question.as} does not consume`);
    consuming = broker.consume(seen, mode === brokerModes.acks, stop.signal);
    consuming.catch(fail);
  });
  say("ready");
}

/** The other process learns of it by the exit code. */
function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
