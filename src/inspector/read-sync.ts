import { SYNC_KINDS, type SyncKind } from "../primitives/locks/sync.layout.js";
import { eventBytes, eventHead, eventWaiters } from "../sync/event-word.layout.js";
import { conditionLock, noticeRow, noticeRows, noticesHead } from "../sync/notices.layout.js";
import { permitRow, permitRows, permitsBytes, permitsHead, permitsWaiters } from "../sync/permits.layout.js";
import { readWriteBytes, readWriteHead, readWriteRow, readWriteRows } from "../sync/read-write-lock.layout.js";
import { rendezvousBytes, rendezvousHead, rendezvousWaiters } from "../sync/rendezvous.layout.js";
import { Damaged } from "./object-file.js";
import type { Findings, ObjectReading } from "./object-reading.js";
import { readLock } from "./read-lock.js";
import type { HolderView, WaitView } from "./snapshot-model.js";

/** Locks and their like. */
export function readSync(reading: ObjectReading): Findings {
  const [type] = (Object.entries(SYNC_KINDS).find(([, number]) => number === reading.file.detail) ?? []) as [SyncKind?];
  switch (type) {
    case "Lock":
    case "RLock": {
      const lock = readLock(reading);
      return { type, ...lock, depth: lock.waits.length, facts: { locked: lock.holders.length > 0 } };
    }
    case "RWLock":
      return readReadWriteLock(reading);
    case "Semaphore":
    case "BoundedSemaphore":
      return readSemaphore(reading, type);
    case "SharedEvent":
      return readEvent(reading);
    case "Condition":
      return readCondition(reading);
    case "Barrier":
      return readBarrier(reading);
    default:
      throw new Damaged(`its detail ${reading.file.detail} is no lock that this version has`);
  }
}

function readReadWriteLock(reading: ObjectReading): Findings {
  const body = reading.file.body(0, readWriteBytes(reading.file.maxAttached));
  const { offset } = readWriteRow;
  const rows = reading.rows(body, readWriteRows, readWriteRow.bytes);
  const writer = body.readUInt32LE(readWriteHead.offset.writer);
  const holders: HolderView[] = [
    ...reading.holder(writer, "writes"),
    ...rows
      .filter(({ row }) => row(offset.reads) > 0)
      .map(({ thread, row }): HolderView => ({ thread, how: "reads", count: row(offset.reads) })),
  ];
  const last = body.readUInt32LE(readWriteHead.offset.lastTicket);
  const ageOf = (ticket: number): number => (last - ticket) >>> 0;
  const waits = rows.flatMap(({ thread, row }) => {
    const found: Omit<WaitView, "object">[] = [];
    // a reader also waits for writers that came before it
    const before = rows
      .filter(
        (one) => one.row(offset.writers) > 0 && ageOf(one.row(offset.firstWriter)) > ageOf(row(offset.firstReader)),
      )
      .map((one) => one.thread);
    const writers = holders.filter(({ how }) => how === "writes").map((one) => one.thread);
    const others = (threads: string[]): string[] => [...new Set(threads)].filter((one) => one !== thread);
    if (row(offset.readers) > 0)
      found.push({
        thread,
        waitsFor: "reading",
        blockers: others([...writers, ...before]),
        endedBy: "all",
        token: row(offset.firstReader),
      });
    if (row(offset.writers) > 0)
      found.push({
        thread,
        waitsFor: "writing",
        blockers: others(holders.map((one) => one.thread)),
        endedBy: "all",
        token: row(offset.firstWriter),
      });
    return found;
  });
  const isLeftByDead = writer !== 0 && reading.living(writer) === undefined;
  return {
    type: "RWLock",
    holders,
    waits,
    depth: waits.length,
    abandoned: isLeftByDead || body.readUInt32LE(readWriteHead.offset.abandoned) !== 0,
    facts: {
      readers: holders.filter(({ how }) => how === "reads").length,
      writing: reading.living(writer) !== undefined,
    },
  };
}

function readSemaphore(reading: ObjectReading, type: SyncKind): Findings {
  const { maxAttached } = reading.file;
  const body = reading.file.body(0, permitsBytes(maxAttached));
  const free = body.readUInt32LE(permitsHead.offset.free);
  const total = body.readUInt32LE(permitsHead.offset.total);
  const isPlain = body.readUInt32LE(permitsHead.offset.isPlain) === 1;
  const holders = reading
    .rows(body, permitRows(maxAttached), permitRow.bytes)
    .map(({ thread, row }): HolderView => ({ thread, how: "permits", count: row(permitRow.offset.held) }))
    .filter(({ count }) => count > 0);
  const waits = reading.waits(body, permitsWaiters, {
    waitsFor: "a permit",
    blockers: holders.map(({ thread }) => thread),
    // whoever likes adds permits to one that is not bounded
    endedBy: type === "BoundedSemaphore" ? "one" : "others",
  });
  return { type, holders, waits, depth: waits.length, facts: { free, total, owned: !isPlain } };
}

function readEvent(reading: ObjectReading): Findings {
  const body = reading.file.body(0, eventBytes(reading.file.maxAttached));
  const waits = reading.waits(body, eventWaiters, { waitsFor: "the event", blockers: [], endedBy: "others" });
  const isSet = (body.readUInt32LE(eventHead.offset.turns) & 1) === 1;
  return { type: "SharedEvent", waits, depth: waits.length, facts: { set: isSet } };
}

function readCondition(reading: ObjectReading): Findings {
  const { maxAttached } = reading.file;
  const body = reading.file.body(0, conditionLock(maxAttached) * 4);
  const { offset } = noticeRow;
  const waits = reading
    .rows(body, noticeRows, noticeRow.bytes)
    .filter(({ row }) => row(offset.waiting) > row(offset.granted))
    .map(({ thread, row }): Omit<WaitView, "object"> => {
      return { thread, waitsFor: "a notice", blockers: [], endedBy: "others", token: row(offset.oldest) };
    });
  const hasOwnLock = body.readUInt32LE(noticesHead.offset.hasOwnLock) === 1;
  const lock = hasOwnLock
    ? readLock(reading, conditionLock(maxAttached))
    : { holders: [], waits: [], abandoned: false };
  return {
    type: "Condition",
    ...lock,
    waits: [...waits, ...lock.waits],
    depth: waits.length,
    facts: { waiting: waits.length, "own lock": hasOwnLock },
  };
}

function readBarrier(reading: ObjectReading): Findings {
  const body = reading.file.body(0, rendezvousBytes(reading.file.maxAttached));
  const waits = reading.waits(body, rendezvousWaiters, { waitsFor: "the others", blockers: [], endedBy: "others" });
  return {
    type: "Barrier",
    waits,
    depth: waits.length,
    facts: {
      parties: body.readUInt32LE(rendezvousHead.offset.parties),
      arrived: body.readUInt32LE(rendezvousHead.offset.arrived),
      broken: body.readUInt32LE(rendezvousHead.offset.broken) === 1,
    },
  };
}
