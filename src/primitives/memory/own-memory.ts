import { constants, readSync } from "node:fs";
import { HANDLE } from "../../codec.js";
import { NotFoundError, UsageError } from "../../errors.js";
import { objectHeader } from "../../memory/object.layout.js";
import type { Segment } from "../../memory/segment.js";
import { addon, check, ENOENT, MAP_SHARED } from "../../native/addon.js";
import type { Given } from "../handle.js";
import { headerSize, labelOf, type ObjectSpec, type Place, SharedObject } from "../shared-object.js";
import { factsOf, mapBlock, reserve } from "./block-mapping.js";
import type { MemoryBlock } from "./memory-block.js";

/** A block of memory that is an object of ours, with a header and attachments before it. */
export class OwnMemory extends SharedObject implements MemoryBlock {
  buffer: ArrayBuffer;

  constructor(place: Place) {
    super(place, labelOf("SharedMemory", place.holding.segment.name));
    this.buffer = place.data as ArrayBuffer;
  }

  static spec(size: number): ObjectSpec {
    return { kind: "memory", detail: 0, size, bodyBytes: 0, block: size };
  }

  /** What is wrong with a segment; `least` is how many bytes it must have, if any. */
  static examine(segment: Segment, least = 1): string | undefined {
    const room = segment.data?.byteLength ?? 0;
    const size = headerSize(segment);
    if (!(size >= 1 && size <= room)) return `its header says ${size} bytes, and the file has ${room}`;
    if (room < least) return `its size is ${room}, less than ${least}`;
    return undefined;
  }

  give(folder: string): Given {
    return this[HANDLE](folder);
  }

  resize(size: number): void {
    const operation = `${this.label}: resize()`;
    if (this.closed) throw this.closedError("resize()");
    if (size < this.buffer.byteLength)
      throw new UsageError(
        `${operation}: size is ${size}; allowed: ${this.buffer.byteLength} and more, sizes only grow`,
      );
    const { segment } = this.holding;
    const { directory } = segment.registry;
    const offset = new Uint32Array(segment.control, 0, objectHeader.bytes / 4)[objectHeader.word.dataOffset];
    const fd = openFile(segment, operation);
    try {
      const before = factsOf(fd, operation).size;
      reserve(fd, before, offset + size, directory, operation);
      const now = factsOf(fd, operation).size - offset;
      const grown = mapBlock(fd, MAP_SHARED, offset, now, operation);
      const shown = new Float64Array(segment.control, objectHeader.offset.size, 1);
      if (shown[0] < now) shown[0] = now;
      addon().detach(this.buffer);
      this.buffer = grown;
    } finally {
      addon().close(fd);
    }
  }

  protected override detach(): void {
    addon().detach(this.buffer);
  }
}

/** Opens the object's file once more. Its name may be taken away, or pass to another object, between two calls. */
function openFile(segment: Segment, operation: string): number {
  const identity = Buffer.alloc(8);
  for (let tries = 0; tries < 3; tries++) {
    const fd = addon().open(segment.path, constants.O_RDWR | constants.O_NOFOLLOW, 0);
    if (fd === ENOENT) continue;
    check(fd, "open", operation);
    readSync(fd, identity, 0, 8, objectHeader.offset.idHigh);
    const [high, low] = new Uint32Array(identity.buffer, identity.byteOffset, 2);
    if (high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0") === segment.id) return fd;
    addon().close(fd);
  }
  throw new NotFoundError(`${operation}, and its file is gone`, { resource: segment.name || undefined });
}
