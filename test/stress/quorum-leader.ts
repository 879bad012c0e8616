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
 * Tells, from the moment of its making, whether a quorum queue of RabbitMQ has had a leader since, by its server's log, which tells of
 * each election.
 *
 * A server of version 3.10, alone on its node, was seen three times to recover such a queue without ever electing one, each time after a
 * kill in the first seconds of the queue's life; starting it once more did not help. All other recoveries took half a second.
 */
export class QuorumLeader {
  private readonly before: number;

  constructor(
    private readonly folder: string,
    private readonly queue: string,
  ) {
    this.before = logOf(folder).length;
  }

  async isThereWithin(mostMs: number): Promise<boolean> {
    for (const until = performance.now() + mostMs; performance.now() < until; await sleep(LOOK_MS))
      if (logOf(this.folder).slice(this.before).includes(`queue '${this.queue}' in vhost '/': candidate -> leader`))
        return true;
    return false;
  }
}
