/*
 * Besets a listener with connections that say nothing or hardly anything, and measures a good client meanwhile.
 *
 * Idea    The slow peers are a process of their own: a third never says a word, a third begins something (a message, the request of
 *         a WebSocket) and stops, a third goes on by a byte now and then. A client that was there before goes to and fro, as before.
 * Checks  The median of its round trips stays within twice of what it was: of several measurements one must be so, because other
 *         work on the machine makes both slower. Where there is an authkey, the deadline of the handshake drops all of them;
 *         no more than maxConnections are ever in; when they have gone, so have their descriptors.
 * Source  Slowloris.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type AsyncConnection, connect, type Listener, type ListenOptions, listen } from "interproc";
import { openDescriptors, RunningProgram } from "../processes/running.js";

export interface SlowKind {
  readonly name: string;
  readonly url: string;
  readonly options?: ListenOptions;
  /** What peers begin with, in hex. */
  readonly opening: string;
}

const request = Buffer.from("GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ").toString("hex");
/** The length of a message of 16 KiB. */
const message = "00004000";

export const slowKinds: readonly SlowKind[] = [
  { name: "tcp", url: "tcp://127.0.0.1:0", opening: message },
  { name: "ws", url: "ws://127.0.0.1:0", options: { handshakeTimeout: 60_000 }, opening: request },
  { name: "tcp with an authkey", url: "tcp://127.0.0.1:0", options: { authkey: "k" }, opening: message },
];

/** What came of one listener. */
export interface Siege {
  readonly name: string;
  readonly peers: number;
  /** Medians of round trips in milliseconds without and with the slow peers, in the last measurement. */
  readonly alone: number;
  readonly beset: number;
  readonly attempts: number;
  readonly isFast: boolean;
  /** The most connections that were in at once. */
  readonly most: number;
  readonly descriptorsLeft: number;
}

/** On a busy machine the kernel now and then hands on what goes over loopback by a thread of its own, which waits for a processor. */
const ATTEMPTS = 12;
const TIMES = 2;
const LEAST_MS = 500;
const LEAVING_MS = 20_000;

/** Lets so many slow peers come to a listener, and measures. */
export async function beset(kind: SlowKind, peers: number, roundTrips: number): Promise<Siege> {
  const options = { maxConnections: peers + 1, ...kind.options };
  await using listener = await listen(kind.url, options);
  const serving = serve(listener);
  await using good = await connect(listener.address, options);
  await median(good, 4 * roundTrips); // what is compiled and allocated once is by then
  const descriptors = openDescriptors();
  let [alone, besetMs, attempts, most] = [0, 0, 0, 0];
  do {
    attempts++;
    alone = await median(good, roundTrips);
    const program = new RunningProgram("slow-peers", listener.address, String(peers), kind.opening);
    await program.line();
    besetMs = await median(good, roundTrips);
    most = Math.max(most, listener.connections);
    program.kill();
    await emptied(listener);
  } while (besetMs > TIMES * alone && attempts < ATTEMPTS);
  for (const until = performance.now() + LEAVING_MS; openDescriptors() > descriptors && performance.now() < until; )
    await sleep(10);
  const descriptorsLeft = Math.max(0, openDescriptors() - descriptors);
  good.close();
  await listener.close();
  await serving;
  const isFast = besetMs <= TIMES * alone;
  return { name: kind.name, peers, alone, beset: besetMs, attempts, isFast, most, descriptorsLeft };
}

/** All kinds, one after the other; the outcome as the other runs have it. */
export async function besetAll(peers: number): Promise<{ isClean: boolean; complaints: string[]; toString(): string }> {
  const sieges: Siege[] = [];
  for (const kind of slowKinds) sieges.push(await beset(kind, peers, 2000));
  const complaints = sieges.flatMap((siege) => [
    ...(siege.isFast ? [] : [`${told(siege)}: slower than ${TIMES} x`]),
    ...(siege.descriptorsLeft > 0 ? [`${told(siege)}: ${siege.descriptorsLeft} descriptors are left`] : []),
  ]);
  return { isClean: complaints.length === 0, complaints, toString: () => sieges.map(told).join("\n") };
}

/** A siege in a line. */
export function told({ name, peers, alone, beset, attempts }: Siege): string {
  const times = (beset / alone).toFixed(2);
  return `slow-peers ${name}: ${peers} peers, a round trip ${alone.toFixed(3)} ms alone and ${beset.toFixed(3)} ms beside them (${times} x, attempt ${attempts})`;
}

/** Only the good client is left. */
async function emptied(listener: Listener): Promise<void> {
  const until = performance.now() + LEAVING_MS;
  while (listener.connections > 1 && performance.now() < until) await sleep(10);
}

/** Of so many round trips at least, and of half a second: to let hundreds in, and to say so to each, takes a moment. */
async function median(good: AsyncConnection, roundTrips: number): Promise<number> {
  const times: number[] = [];
  const least = performance.now() + LEAST_MS;
  while (times.length < roundTrips || performance.now() < least) {
    const begun = performance.now();
    await good.send(times.length);
    await good.recv();
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

/** Answers everybody who has something to say. */
export async function serve(listener: Listener): Promise<void> {
  for await (const conn of listener) {
    void (async () => {
      for await (const value of conn) await conn.send(value);
    })()
      .catch(() => undefined) // a peer that has gone, or was cut
      .finally(() => conn.close());
  }
}
