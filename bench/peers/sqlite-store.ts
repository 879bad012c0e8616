import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchedBroker, BrokerPlace } from "./benched-broker.js";

interface Statement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): Record<string, unknown> | undefined;
}
interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** A table of SQLite as a queue, by Node's own module: a row is marked when it is taken, and deleted when it is acknowledged. */
export async function openSqlite({ folder }: BrokerPlace): Promise<BenchedBroker> {
  const { DatabaseSync } = createRequire(import.meta.url)("node:sqlite") as {
    DatabaseSync: new (path: string) => Database;
  };
  const database = new DatabaseSync(join(folder, "queue.sqlite"));
  database.exec("PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec("CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY, owner INTEGER, body BLOB NOT NULL)");
  database.exec("CREATE INDEX IF NOT EXISTS ready ON queue (id) WHERE owner IS NULL");
  const put = database.prepare("INSERT INTO queue (body) VALUES (?)");
  const take = database.prepare(
    "UPDATE queue SET owner = ? WHERE id = (SELECT id FROM queue WHERE owner IS NULL ORDER BY id LIMIT 1) RETURNING id, body",
  );
  const acknowledge = database.prepare("DELETE FROM queue WHERE id = ?");
  const count = database.prepare("SELECT count(*) AS found FROM queue");
  return {
    put: async (body) => put.run(body),
    async putMany(bodies) {
      database.exec("BEGIN IMMEDIATE");
      for (const body of bodies) put.run(body);
      database.exec("COMMIT");
    },
    async consume(seen, _acksUnderWay, stop) {
      database.exec("PRAGMA synchronous = NORMAL");
      for (let turns = 0; !stop.aborted; turns++) {
        const found = take.get(process.pid);
        if (found === undefined) {
          await sleep(1);
          continue;
        }
        acknowledge.run(found.id);
        seen(found.body as Uint8Array);
        // that it is to stop is heard between turns of the loop
        if (turns % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async clear() {
      const found = Number(count.get()?.found);
      database.exec("DELETE FROM queue");
      return found;
    },
    close: async () => database.close(),
  };
}
