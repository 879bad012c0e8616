import { CLOSED, IN_FLIGHT } from "../memory/owner.js";
import { dataBit, PIPE_BODY_BYTES, pipeBody, ringControlOffset, spaceBit } from "../rings/pipe.layout.js";
import { RING_LINE, ringReaderLine, ringWriterLine } from "../rings/record-ring.layout.js";
import { Damaged } from "./object-file.js";
import type { Findings, ObjectReading } from "./object-reading.js";
import type { FactValue, WaitView } from "./snapshot-model.js";

interface Ring {
  readonly used: number;
  readonly written: number;
  readonly read: number;
}

/** A pipe: ring i is written by end i. */
export function readPipe(reading: ObjectReading): Findings {
  const { file } = reading;
  const capacity = file.detail;
  if (capacity * 2 !== file.dataBytes || file.maxAttached !== 2)
    throw new Damaged(`its capacity ${capacity} does not fit the file's ${file.fileBytes} bytes`);
  const body = file.body(0, PIPE_BODY_BYTES);
  const isDuplex = body.readUInt32LE(pipeBody.offset.duplex) === 1;
  const rings = [0, 1].map((ring) => ringOf(body, ringControlOffset(ring), capacity));
  const ends = [0, 1].map((end) => file.ownerAt(end));
  const facts: Record<string, FactValue> = {
    ends: ends.map((owner) => endText(reading, owner)),
    duplex: isDuplex,
    capacity,
  };
  for (const end of isDuplex ? [0, 1] : [1]) {
    const { used, written, read } = rings[end];
    facts[`end ${end} to end ${1 - end}`] = `${written - read} messages in ${used} bytes; ${written} so far`;
  }
  return {
    type: "pipe",
    depth: Math.max(0, rings[0].written - rings[0].read) + Math.max(0, rings[1].written - rings[1].read),
    used: rings[0].used + rings[1].used,
    capacity: isDuplex ? capacity * 2 : capacity,
    counts: { in: rings[0].written + rings[1].written, out: rings[0].read + rings[1].read },
    consumers: (isDuplex ? [0, 1] : [1]).flatMap((ring) => {
      const thread = reading.living(ends[1 - ring]);
      return thread === undefined ? [] : [{ thread, behindBytes: rings[ring].used, capacity, missed: 0 }];
    }),
    waits: waitsAt(reading, rings),
    facts,
  };
}

function ringOf(body: Buffer, at: number, capacity: number): Ring {
  const used =
    (body.readUInt32LE(at + ringWriterLine.offset.tail) -
      body.readUInt32LE(at + RING_LINE + ringReaderLine.offset.head)) >>>
    0;
  const count = (offset: number): number => {
    const value = body.readDoubleLE(offset);
    return Number.isSafeInteger(value) ? value : 0;
  };
  return {
    used: Math.min(used, capacity),
    written: count(at + ringWriterLine.offset.messages),
    read: count(at + RING_LINE + ringReaderLine.offset.messages),
  };
}

/** Only whoever has the other end can end a wait, unless what is waited for is there already. */
function waitsAt(reading: ObjectReading, rings: readonly Ring[]): Omit<WaitView, "object">[] {
  const bits = reading.file.waitingWord();
  return reading.entries.flatMap(({ index: end, owner, sleeps }) => {
    if (!reading.isAlive(owner)) return [];
    const peer = reading.living(reading.file.ownerAt(1 - end));
    const wait = (waitsFor: string, isStill: boolean): Omit<WaitView, "object"> => ({
      thread: reading.thread(owner),
      waitsFor,
      blockers: isStill && peer !== undefined && peer !== reading.thread(owner) ? [peer] : [],
      endedBy: "one",
      token: sleeps,
    });
    return [
      ...(bits & dataBit(end) ? [wait("a message", rings[1 - end].used === 0)] : []),
      ...(bits & spaceBit(end) ? [wait("room", rings[end].used > 0)] : []),
    ];
  });
}

function endText(reading: ObjectReading, owner: number): string {
  if (owner === IN_FLIGHT) return "in flight";
  if (owner === CLOSED) return "closed";
  if (owner === 0) return "free";
  return reading.living(owner) === undefined ? "its holder was killed" : "open";
}
