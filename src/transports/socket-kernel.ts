import type { Socket } from "node:net";

/** Who is at the other end of a unix socket, as the kernel says. */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What only the kernel knows of a socket. */
export interface SocketKernel {
  /** Who is at the other end of a unix socket; undefined where the kernel does not say. */
  peerOf(socket: Socket): Credentials | undefined;
  /** Bytes that the system at the other end of a TCP socket has not confirmed; 0 where nobody knows. */
  unsentOf(socket: Socket): number;
  /** Moves what has come on a unix or TCP socket into `room`; gives how many bytes, 0 when there are none. */
  receive(socket: Socket, room: Uint8Array): number;
}

let known: Promise<SocketKernel | undefined> | undefined;

/** What asks the kernel; undefined on a machine for which there is no addon. */
export function socketKernel(): Promise<SocketKernel | undefined> {
  known ??= load();
  return known;
}

async function load(): Promise<SocketKernel | undefined> {
  const native = await import("../native/addon.js");
  try {
    const addon = native.addon();
    return {
      peerOf(socket) {
        const out = new Float64Array(3);
        if (addon.peer(descriptorOf(socket), out.buffer) < 0) return undefined;
        const [pid, uid, gid] = out;
        return { pid, uid, gid };
      },
      unsentOf: (socket) => Math.max(0, addon.unsent(descriptorOf(socket))),
      receive(socket, { buffer, byteOffset, length }) {
        const fd = descriptorOf(socket);
        return fd < 0 ? 0 : Math.max(0, addon.receive(fd, buffer as ArrayBuffer, byteOffset, length));
      },
    };
  } catch {
    return undefined;
  }
}

/** -1 when it has none any more. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: number; _parent?: { fd?: number } } | null };
  const fd = handle?.fd ?? -1;
  return fd >= 0 ? fd : (handle?._parent?.fd ?? -1);
}
