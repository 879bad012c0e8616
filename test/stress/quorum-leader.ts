import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 200;

/** What the server in that folder has written into its log. */
function logOf(folder: string): string {
  const logs = join(folder, "log");
  if (!existsSync(logs)) return "";
  const [name] = readdirSync(logs).filter((one) => one.endsWith("localhost.log"));
  return name === undefined ? "" : readFileSync(join(logs, name), "latin1");
}

/**
 * Whether a quorum queue has a leader again after RabbitMQ was started again, by its server's log, which tells of each election.
 *
 * A server of version 3.10, alone on its node, was seen to recover such a queue without ever electing one, after a kill in the first
 * seconds of the queue's life: nobody can use it until the server is started once more. All other recoveries took half a second.
 */
export async function hasLeaderAgain(folder: string, queue: string, mostMs: number): Promise<boolean> {
  for (const until = performance.now() + mostMs; performance.now() < until; await sleep(LOOK_MS)) {
    const log = logOf(folder);
    const recovered = log.slice(log.lastIndexOf("Recovering 1 queues of type rabbit_quorum_queue"));
    if (recovered.includes(`queue '${queue}' in vhost '/': candidate -> leader`)) return true;
  }
  return false;
}
