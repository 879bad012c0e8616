import { writeFileSync } from "node:fs";
import { loadPeerPackage } from "../peer-packages.js";
import type { BenchedLock } from "./benched-lock.js";

interface ProperLockfile {
  lock(file: string, options: object): Promise<() => Promise<void>>;
}

/** It has no queue: who finds the lock taken tries again, here every millisecond, the shortest time that it knows. */
const options = { retries: { forever: true, factor: 1, minTimeout: 1, maxTimeout: 1 } };

/** A lock of proper-lockfile on a file, which is made here if need be. */
export function openProperLock(file: string): BenchedLock {
  writeFileSync(file, "", { flag: "a" });
  const { lock } = loadPeerPackage<ProperLockfile>("proper-lockfile");
  let unlock: (() => Promise<void>) | undefined;
  return {
    async turns(counter, times) {
      for (let i = 0; i < times; i++) {
        const release = await lock(file, options);
        counter[0]++;
        await release();
      }
    },
    async acquire() {
      unlock = await lock(file, options);
    },
    async release() {
      await unlock?.();
    },
  };
}
