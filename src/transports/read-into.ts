/*
 * Reads of sockets without memory of their own
 *
 * Idea    For each read Node allocates 64 KiB, whatever comes, and gives what was not needed back: with small messages that is most of
 *         what a read costs, and the collector runs again and again for memory that is empty. Node's own way out is the option
 *         `onread`: reads go into a buffer that the socket's maker gave. It is there for sockets that are made to connect, and
 *         not for those that a server accepts, nor later than at their making; but all it does is to set three properties
 *         and to tell the handle. So does this.
 * Order   A chunk is the buffer's until its listener returns. What comes then comes into the same memory.
 * Limits  All plain sockets of a thread share one buffer: the system fills it right before its reader is told. On Windows it is given a
 *         buffer ahead of time, so there, and where a Node has other names inside, nothing is changed: chunks come by `data`.
 * Source  lib/net.js and lib/internal/stream_base_commons.js of Node 20 to 24: `onread`, `kBuffer`, `useUserBuffer`.
 */
import type { Socket } from "node:net";

/** A message of 64 KiB and its header come in one read. */
const BUFFER_BYTES = 128 * 1024;

let shared: Uint8Array<ArrayBuffer> | undefined;

interface Inner {
  readonly _handle?: { useUserBuffer?(buffer: Uint8Array): void } | null;
  [name: symbol]: unknown;
}

/**
 * Has what comes on an open socket go to a listener in borrowed memory, from now on. False, and nothing was changed, when something
 * has been read already, or where this Node has no such thing.
 */
export function readInto(socket: Socket, take: (borrowed: Uint8Array) => void): boolean {
  if (process.platform === "win32" || socket.bytesRead > 0 || socket.readableLength > 0) return false;
  const inner = socket as unknown as Inner;
  const { _handle: handle } = inner;
  const names = Object.getOwnPropertySymbols(socket);
  const [kBuffer, kBufferCb] = ["kBuffer", "kBufferCb"].map((name) => names.find((one) => one.description === name));
  if (!kBuffer || !kBufferCb || inner[kBuffer] !== null || typeof handle?.useUserBuffer !== "function") return false;
  shared ??= new Uint8Array(Buffer.allocUnsafeSlow(BUFFER_BYTES).buffer);
  const { buffer } = shared;
  inner[kBuffer] = shared;
  inner[kBufferCb] = (bytes: number): boolean => {
    take(new Uint8Array(buffer, 0, bytes));
    return true;
  };
  handle.useUserBuffer(shared);
  return true;
}
