import { join } from "node:path";
import type { Connection } from "../../channel.js";
import { UsageError } from "../../errors.js";
import { attachmentEntry } from "../../memory/object.layout.js";
import { CLOSED, IN_FLIGHT } from "../../memory/owner.js";
import { createSegment, openSegment } from "../../memory/segment.js";
import { registry } from "../../memory/this-thread.js";
import { PIPE_BODY_BYTES, pipeBody } from "../../rings/pipe.layout.js";
import { parker } from "../../sync/parker.js";
import { removeLink } from "../flight.js";
import { type Descriptor, registerKind } from "../handle.js";
import { sweepOnce } from "../sweep.js";
import { PipeEnd } from "./pipe-end.js";
import { MAX_MESSAGE, mappedPipes, type PartialMessage } from "./pipe-holding.js";

/** How much a pipe holds, and whether it goes both ways. */
export interface PipeOptions {
  /** `true` (default): both ends send and receive. `false`: the first end receives, the second sends. */
  duplex?: boolean;
  /** Bytes of each direction's ring: a power of two from 4 KiB to 512 MiB; default 64 KiB. Longer messages stream through. */
  capacity?: number;
  /** The longest message; default 1 GiB. A longer one is refused where it is sent. */
  maxMessage?: number;
}

const DEFAULT_CAPACITY = 64 * 1024;
const LEAST_CAPACITY = 4096;
const MOST_CAPACITY = 2 ** 29;

/**
 * Makes a pipe in shared memory and gives its two ends. Each end has one owner: handed to another process (as an
 * argument of `spawn`, or inside a message) it moves there, so that no forgotten copy holds back the end of file.
 *
 * Messages arrive whole and in order. `send` waits while the ring is full, `recv` while it is empty. A process that is
 * killed loses nothing that its `send` had finished; the other end reads it, and then EOFError. The idea is Python's
 * `Pipe()`; the ring is described in `rings/record-ring.ts`.
 *
 * @throws UsageError for options out of their range
 * @throws SystemError when the memory is not there
 * @example
 * const [mine, theirs] = pipe<string>();
 * mine.trySend("hello");
 * console.log(theirs.tryRecv()); // hello
 */
export function pipe<A = unknown, B = A>(options: PipeOptions = {}): [Connection<A, B>, Connection<B, A>] {
  const { duplex = true, capacity = DEFAULT_CAPACITY, maxMessage = MAX_MESSAGE } = options;
  if (
    !Number.isInteger(capacity) ||
    capacity < LEAST_CAPACITY ||
    capacity > MOST_CAPACITY ||
    (capacity & (capacity - 1)) !== 0
  )
    throw new UsageError(
      `pipe(): capacity is ${String(capacity)}; allowed: a power of two from ${LEAST_CAPACITY} to ${MOST_CAPACITY}`,
    );
  if (!Number.isInteger(maxMessage) || maxMessage < 1 || maxMessage > MAX_MESSAGE)
    throw new UsageError(`pipe(): maxMessage is ${String(maxMessage)}; allowed: 1 to ${MAX_MESSAGE}`);
  const home = registry();
  sweepOnce();
  const segment = createSegment(home, {
    kind: "pipe",
    maxAttached: 2,
    bodyBytes: PIPE_BODY_BYTES,
    detail: capacity,
    size: capacity * 2,
    rings: [capacity, capacity],
    initialise(made) {
      const body = made.bodyOffset / 4;
      made.words.store(body + pipeBody.word.duplex, duplex ? 1 : 0);
      made.words.store(body + pipeBody.word.maxMessage, maxMessage);
      for (const end of [0, 1]) made.words.store(made.entry(end) + attachmentEntry.word.owner, home.self);
    },
  });
  return [new PipeEnd<A, B>(segment, 0), new PipeEnd<B, A>(segment, 1)];
}

/** Takes an end that was handed over. When somebody closed it meanwhile (a redelivered message), it arrives closed. */
function takeEnd(folder: string, { link, end, partial }: Descriptor): object {
  const home = registry();
  const path = join(folder, link);
  const index = end === 1 ? 1 : 0;
  let segment = openSegment(home, path, "pipe", "a pipe's end in flight");
  const known = mappedPipes.get(segment.id);
  if (known?.isMapped) {
    segment.unmap();
    segment = known;
  }
  const owner = segment.entry(index) + attachmentEntry.word.owner;
  const taken = segment.words.compareExchange(owner, IN_FLIGHT, home.self) === IN_FLIGHT;
  const peer = segment.words.load(segment.entry(1 - index) + attachmentEntry.word.owner);
  if (taken && peer !== home.self) parker().wake(peer); // first of all: it watches the new owner from now on
  removeLink(folder, link);
  if (!taken) {
    const closed = new PipeEnd(segment, index, undefined, "closed");
    if (segment !== known) segment.unmap();
    return closed;
  }
  try {
    return new PipeEnd(segment, index, partial as PartialMessage | undefined);
  } catch (error) {
    segment.words.store(owner, CLOSED); // what came along contradicts the pipe: its peer gets EOF
    throw error;
  }
}

registerKind("pipe", takeEnd);
