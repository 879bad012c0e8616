import type { Socket } from "node:net";
import { userInfo } from "node:os";
import type { Peer } from "../channel.js";
import { AuthenticationError } from "../errors.js";
import type { Allowed } from "./connection-options.js";
import { socketKernel } from "./socket-kernel.js";

/** Nobody: a uid that this user namespace does not know. */
const UNMAPPED = 65_534;

/**
 * Who is at the other end of a unix socket, if that is somebody who may be.
 *
 * @throws AuthenticationError for anybody else
 */
export async function permittedPeer(socket: Socket, address: string, allow: Allowed): Promise<Peer> {
  const who = (await socketKernel())?.peerOf(socket); // where there is no addon the socket's mode has to do
  const peer: Peer = { transport: "unix", address, ...who };
  if (allow === "anybody") return peer;
  if (typeof allow === "function") {
    if (allow(peer)) return peer;
    throw new AuthenticationError(`the peer (uid ${who?.uid}, pid ${who?.pid}) is not allowed here`, {
      resource: address,
    });
  }
  if (!who) {
    if (allow === "same-user") return peer;
    throw new AuthenticationError("who is at the other end cannot be told here, and not everybody is allowed", {
      resource: address,
    });
  }
  const mine = userInfo().uid;
  const isAllowed =
    allow === "same-user"
      ? who.uid === mine
      : (allow.uids?.includes(who.uid) ?? false) || (allow.gids?.includes(who.gid) ?? false);
  if (isAllowed && !(who.uid === UNMAPPED && mine !== UNMAPPED)) return peer;
  throw new AuthenticationError(
    `the peer is of user ${who.uid} (group ${who.gid}); allowed: ${allow === "same-user" ? `user ${mine}` : JSON.stringify(allow)}`,
    { resource: address },
  );
}
