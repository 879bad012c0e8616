import { lockBytes, lockHead, lockWaiters } from "../sync/owner-lock.layout.js";
import type { Findings, ObjectReading } from "./object-reading.js";

/** A lock whose words begin at a word of the body: an object of its own, or part of another one. */
export function readLock(reading: ObjectReading, at = 0): Required<Pick<Findings, "holders" | "waits" | "abandoned">> {
  const body = reading.file.body(at * 4, lockBytes(reading.file.maxAttached));
  const owner = body.readUInt32LE(lockHead.offset.holder);
  const holders = reading.holder(owner, "holds");
  const waits = reading.waits(body, lockWaiters, {
    waitsFor: "the lock",
    blockers: holders.map(({ thread }) => thread),
    endedBy: "one",
  });
  const isLeftByDead = owner !== 0 && holders.length === 0;
  return { holders, waits, abandoned: isLeftByDead || body.readUInt32LE(lockHead.offset.abandoned) !== 0 };
}
