import { tmpdir } from "node:os";
import { brokerMechanism } from "./broker.js";
import { childProcessMechanism } from "./child-process.js";
import { fileMechanism } from "./file.js";
import { gatewayMechanism } from "./gateway.js";
import { httpMechanism } from "./http.js";
import type { Mechanism } from "./mechanism.js";
import { pipeMechanism } from "./pipe.js";
import { pipeSyncMechanism } from "./pipe-sync.js";
import { pythonMechanism } from "./python.js";
import { queueMechanism } from "./queue.js";
import { semaphoreMechanism } from "./semaphore.js";
import { sharedMemoryMechanism } from "./shared-memory.js";
import { tcpMechanism } from "./tcp.js";
import { udpMechanism } from "./udp.js";
import { unixMechanism } from "./unix.js";
import { valueMechanism } from "./value.js";
import { webSocketMechanism } from "./web-socket.js";
import { workerThreadsMechanism } from "./worker-threads.js";

/** Where the servers are when nobody says otherwise. */
const DEFAULT_SERVERS = [
  "redis://127.0.0.1:6379",
  "nats://127.0.0.1:4222",
  "amqp://guest:guest@127.0.0.1:5672",
  "activemq://127.0.0.1:61613",
];

/** Everything that can be measured, in the order of the tables. @throws Failure for urls that are none of a server's */
export function mechanisms(brokers: readonly string[] = DEFAULT_SERVERS, folder: string = tmpdir()): Mechanism[] {
  const all = [
    ...[pipeMechanism, pipeSyncMechanism, queueMechanism, valueMechanism, sharedMemoryMechanism, semaphoreMechanism],
    ...[unixMechanism, tcpMechanism, udpMechanism, webSocketMechanism, httpMechanism, gatewayMechanism],
    ...[childProcessMechanism, workerThreadsMechanism, pythonMechanism, fileMechanism(folder)],
  ];
  const names = new Set(all.map(({ traits }) => traits.name));
  for (const url of brokers) {
    const broker = brokerMechanism(url, names);
    names.add(broker.traits.name);
    all.push(broker);
  }
  return all;
}
