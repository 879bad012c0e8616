import type { Socket } from "node:net";

/*
 * Frames on a stream socket as a careful user writes them by hand: 4 bytes of length, little-endian, then the body.
 */
const headerBytes = 4;

/** Calls `onFrame` with each whole body. A body inside one chunk is a view of it; `onFrame` may keep it. */
export function frameParser(onFrame: (body: Buffer) => void): (chunk: Buffer) => void {
  let header: Buffer = Buffer.alloc(0);
  let body: Buffer | undefined;
  let filled = 0;
  return (received) => {
    let chunk = received;
    if (header.length > 0) {
      chunk = Buffer.concat([header, chunk]);
      header = Buffer.alloc(0);
    }
    let at = 0;
    while (at < chunk.length) {
      if (body === undefined) {
        if (chunk.length - at < headerBytes) {
          header = chunk.subarray(at);
          return;
        }
        const length = chunk.readUInt32LE(at);
        at += headerBytes;
        if (chunk.length - at >= length) {
          onFrame(chunk.subarray(at, at + length));
          at += length;
          continue;
        }
        body = Buffer.allocUnsafeSlow(length);
        filled = 0;
      }
      const part = Math.min(body.length - filled, chunk.length - at);
      chunk.copy(body, filled, at, at + part);
      filled += part;
      at += part;
      if (filled === body.length) {
        const whole = body;
        body = undefined;
        onFrame(whole);
      }
    }
  };
}

/** The same for frames that are all received into one buffer: nothing is allocated, the body is overwritten by the next. */
export function frameParserInto(target: Buffer, onFrame: (body: Buffer) => void): (chunk: Buffer) => void {
  const header = Buffer.alloc(headerBytes);
  let headerFilled = 0;
  let filled = 0;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (headerFilled < headerBytes) {
        const part = Math.min(headerBytes - headerFilled, chunk.length - at);
        chunk.copy(header, headerFilled, at, at + part);
        headerFilled += part;
        at += part;
        continue;
      }
      const length = header.readUInt32LE(0);
      const part = Math.min(length - filled, chunk.length - at);
      chunk.copy(target, filled, at, at + part);
      filled += part;
      at += part;
      if (filled === length) {
        headerFilled = filled = 0;
        onFrame(target.subarray(0, length));
      }
    }
  };
}

/** One message as one frame in a buffer of its own; a large body is not copied but follows its header. */
export function writeFrame(socket: Socket, body: Uint8Array | string): boolean {
  if (typeof body === "string" || body.length <= 4096) {
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    const frame = Buffer.allocUnsafe(headerBytes + length);
    frame.writeUInt32LE(length, 0);
    if (typeof body === "string") frame.write(body, headerBytes);
    else frame.set(body, headerBytes);
    return socket.write(frame);
  }
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32LE(body.length, 0);
  socket.cork();
  socket.write(header);
  const free = socket.write(body);
  socket.uncork();
  return free;
}

/** The messages `from` up to (not with) `to` in one block that has just their length; `taken` is called once the system has it. */
export function writeBatch(
  socket: Socket,
  message: (index: number) => Uint8Array | string,
  from: number,
  to: number,
  taken: (error?: Error | null) => void,
): void {
  let bytes = (to - from) * headerBytes;
  const bodies: (Uint8Array | string)[] = [];
  for (let i = from; i < to; i++) {
    const body = message(i);
    bodies.push(body);
    bytes += typeof body === "string" ? Buffer.byteLength(body) : body.length;
  }
  const block = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const body of bodies) {
    let { length } = body;
    if (typeof body === "string") length = block.write(body, at + headerBytes);
    else block.set(body, at + headerBytes);
    block.writeUInt32LE(length, at);
    at += headerBytes + length;
  }
  socket.write(block, taken);
}

const blockBytes = 64 * 1024;

/** Packs the messages `from` up to (not with) `to`, as far as they fit, into one block, and writes it at once. */
export function writeBlock(
  socket: Socket,
  message: (index: number) => Uint8Array | string,
  from: number,
  to: number,
): { next: number; free: boolean } {
  const block = Buffer.allocUnsafe(blockBytes);
  let at = 0;
  let next = from;
  for (; next < to; next++) {
    const body = message(next);
    // A character is at most three bytes of UTF-8.
    if (at + headerBytes + (typeof body === "string" ? body.length * 3 : body.length) > blockBytes) break;
    let length = body.length;
    if (typeof body === "string") length = block.write(body, at + headerBytes);
    else block.set(body, at + headerBytes);
    block.writeUInt32LE(length, at);
    at += headerBytes + length;
  }
  if (next === from)
    throw new RangeError(`net-socket: message ${from} does not fit into a block of ${blockBytes} bytes`);
  return { next, free: socket.write(block.subarray(0, at)) };
}
