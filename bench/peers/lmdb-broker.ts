import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadPeerPackage } from "../peer-packages.js";
import type { BenchedBroker, BrokerPlace } from "./benched-broker.js";

interface Entry {
  readonly key: number;
  readonly value: Buffer;
}
interface Store {
  openDB(options: object): Store;
  put(key: number, value: Buffer): Promise<boolean>;
  putSync(key: number, value: Buffer): void;
  remove(key: number): Promise<boolean>;
  removeSync(key: number): void;
  getRange(options: object): Iterable<Entry>;
  getCount(): number;
  clearSync(): void;
  transactionSync<R>(body: () => R): R;
  close(): Promise<void>;
}

/**
 * lmdb-js as a queue: keys that grow; a message that was taken is kept apart until it is acknowledged. If it is synced, put's
 * promise resolves when the disk has it.
 */
export async function openLmdb({ folder }: BrokerPlace, isSynced: boolean): Promise<BenchedBroker> {
  const { open } = loadPeerPackage<{ open(options: object): Store }>("lmdb");
  const root = open({ path: join(folder, "data.mdb"), overlappingSync: !isSynced });
  const ready = root.openDB({ name: "ready", encoding: "binary" });
  const taken = root.openDB({ name: "taken", encoding: "binary" });
  let next = 0;
  return {
    put: (body) => ready.put(next++, body),
    async consume(seen, _acksUnderWay, stop) {
      while (!stop.aborted) {
        const found = root.transactionSync(() => {
          for (const { key, value } of ready.getRange({ limit: 1 })) {
            ready.removeSync(key);
            taken.putSync(key, value);
            return { key, value };
          }
          return undefined;
        });
        if (found === undefined) {
          await sleep(1);
          continue;
        }
        await taken.remove(found.key);
        seen(found.value);
      }
    },
    async clear() {
      const found = ready.getCount() + taken.getCount();
      ready.clearSync();
      taken.clearSync();
      return found;
    },
    close: () => root.close(),
  };
}
