import type { Connection } from "interproc";
import type { Account } from "./progress.js";
import { type Fault, Traffic } from "./traffic.js";

export const sendForms = [
  "send",
  "send without awaiting",
  "sendSync",
  "trySend",
  "sendMany",
  "sendBytes",
  "claim",
] as const;
export const receiveForms = [
  "recv",
  "recvSync",
  "for await",
  "recvMany",
  "recvBytes",
  "recvBytesInto",
  "recvLease",
] as const;
const bytesOnly: readonly string[] = ["sendBytes", "claim", "recvBytes", "recvBytesInto", "recvLease"];

/** What the two parties of a pipe do, and the seed of their messages. */
export interface Plan {
  readonly seed: number;
  readonly sends: (typeof sendForms)[number];
  readonly receives: (typeof receiveForms)[number];
}

type Record = (account: Account) => void;
const trafficOf = ({ seed, sends, receives }: Plan): Traffic =>
  new Traffic(seed, bytesOnly.includes(sends) || bytesOnly.includes(receives));

/** Sends messages 0, 1, 2 … until the pipe breaks. */
export async function sendAll(end: Connection, plan: Plan, record: Record): Promise<never> {
  const traffic = trafficOf(plan);
  if (plan.sends === "send without awaiting") return sendAhead(end, traffic, record);
  for (let number = 0; ; ) {
    const count = plan.sends === "sendMany" ? 1 + (number % 20) : 1;
    record({ started: number + count, finished: number });
    if (count > 1) await end.sendMany(Array.from({ length: count }, (_, i) => traffic.at(number + i)));
    else await sendOne(end, traffic.at(number), plan.sends);
    number += count;
  }
}

async function sendOne(end: Connection, message: unknown, form: Plan["sends"]): Promise<void> {
  if (form === "sendSync") return end.sendSync(message);
  if (form === "sendBytes") return end.sendBytes(message as Uint8Array);
  if (form === "trySend" && end.trySend(message)) return;
  if (form === "claim" && (message as Uint8Array).length <= 2048) {
    const claim = await end.claim((message as Uint8Array).length);
    claim.bytes.set(message as Uint8Array);
    return claim.commit();
  }
  return end.send(message);
}

/** Has up to 16 sends under way. */
async function sendAhead(end: Connection, traffic: Traffic, record: Record): Promise<never> {
  const underWay: Promise<void>[] = [];
  for (let number = 0; ; number++) {
    record({ started: number + 1, finished: number - underWay.length });
    underWay.push(end.send(traffic.at(number)));
    underWay.at(-1)?.catch(() => undefined); // told by the one that is awaited
    if (underWay.length === 16) await underWay.shift();
  }
}

/** Receives and checks messages until the pipe ends, or until one is not what it must be. */
export async function receiveAll(end: Connection, plan: Plan, record: Record): Promise<void> {
  const traffic = trafficOf(plan);
  let received = 0;
  for await (const message of messagesOf(end, plan.receives)) {
    const fault: Fault | undefined = traffic.faultOf(received, message);
    if (!fault) received++;
    record({ started: received, finished: received, fault });
    if (fault) return;
  }
}

async function* messagesOf(end: Connection, form: Plan["receives"]): AsyncGenerator {
  if (form === "for await") return yield* end;
  const buffer = new Uint8Array(300_000);
  for (;;) {
    if (form === "recv") yield await end.recv();
    if (form === "recvSync") yield end.recvSync();
    if (form === "recvMany") yield* await end.recvMany(10);
    if (form === "recvBytes") yield await end.recvBytes();
    if (form === "recvBytesInto") yield buffer.subarray(0, await end.recvBytesInto(buffer));
    if (form !== "recvLease") continue;
    using lease = await end.recvLease();
    yield lease.bytes;
  }
}
