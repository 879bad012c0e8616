import type { Socket } from "node:net";

/** Who is at the other end of a unix socket, as the kernel says. */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Nobody: a uid that this user namespace does not know. */
const UNMAPPED = 65_534;

/** What the kernel noted of the peer when the connection was made; undefined where it cannot be asked. */
export async function peerCredentials(socket: Socket): Promise<Credentials | undefined> {
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: number } };
  const fd = handle?.fd;
  if (fd === undefined || fd < 0) return undefined;
  const { addon } = await import("../native/addon.js");
  const out = new Float64Array(3);
  if (addon().peer(fd, out.buffer) < 0) return undefined;
  const [pid, uid, gid] = out;
  return { pid, uid, gid };
}

export const isUnmapped = (uid: number): boolean => uid === UNMAPPED;
