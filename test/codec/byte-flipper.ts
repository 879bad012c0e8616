import { workerData } from "node:worker_threads";

/** Changes bytes at random for as long as it is let, as a peer that shares the memory can. */
const { shared, flag, messages } = workerData as { shared: Uint8Array; flag: Int32Array; messages: Uint8Array[] };
for (let round = 0; Atomics.load(flag, 0) === 0; round++) {
  const message = messages[round % messages.length];
  shared.set(message);
  for (let i = 0; i < 50; i++) shared[Math.floor(Math.random() * message.length)] = Math.random() * 256;
}
