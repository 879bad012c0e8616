import { AuthenticationError } from "../errors.js";
import {
  answerChallenge,
  FAILURE,
  isFailure,
  isWelcome,
  MAX_HANDSHAKE_MESSAGE,
  makeChallenge,
  verifyAnswer,
  WELCOME,
} from "./challenge.js";
import type { LinkConnection } from "./link-connection.js";

export interface Key {
  readonly key: Uint8Array;
  /** Also accept MD5, which is all that Python 3.11 and older speak. */
  readonly md5: boolean;
}

/** So many messages of a handshake come to either side; no longer ones are taken until then. */
export const HANDSHAKE_MESSAGES = 3;

/** So long a side that was refused has to say its own verdict. */
const VERDICT_MS = 1000;

type Handshaking = Pick<LinkConnection, "sendBytes" | "recvBytes">;

/** Asks the other side to prove that it knows the key. */
async function challengePeer(conn: Handshaking, { key, md5 }: Key): Promise<void> {
  const challenge = makeChallenge();
  await conn.sendBytes(challenge);
  const answer = await conn.recvBytes({ maxLength: MAX_HANDSHAKE_MESSAGE });
  try {
    verifyAnswer(answer, challenge, key, md5);
  } catch (error) {
    await conn.sendBytes(FAILURE);
    throw error;
  }
  await conn.sendBytes(WELCOME);
}

/** Proves to the other side that this one knows the key. */
async function answerPeer(conn: Handshaking, { key, md5 }: Key): Promise<void> {
  const challenge = await conn.recvBytes({ maxLength: MAX_HANDSHAKE_MESSAGE });
  let answer: Uint8Array;
  try {
    answer = answerChallenge(challenge, key, md5);
  } catch (error) {
    await conn.sendBytes(FAILURE); // no answer that it accepts: it says so to its own user, instead of waiting
    await conn.recvBytes({ timeout: VERDICT_MS }).catch(() => undefined); // and writes that, before it is left
    throw error;
  }
  await conn.sendBytes(answer);
  const verdict = await conn.recvBytes({ maxLength: MAX_HANDSHAKE_MESSAGE });
  if (isWelcome(verdict)) return;
  throw new AuthenticationError(
    isFailure(verdict)
      ? "the other side refused this authkey"
      : "the other side sent something else than a verdict on this authkey",
  );
}

/**
 * The handshake of both sides, the listener's challenge first.
 *
 * @throws AuthenticationError when either side cannot prove that it knows the key, speaks something else, or leaves
 */
export async function authenticate(conn: Handshaking, role: "listener" | "client", key: Key): Promise<void> {
  try {
    if (role === "listener") {
      await challengePeer(conn, key);
      await answerPeer(conn, key);
    } else {
      await answerPeer(conn, key);
      await challengePeer(conn, key);
    }
  } catch (cause) {
    if (cause instanceof AuthenticationError) throw cause;
    throw new AuthenticationError(
      "the other side left, or sent something else, before it had proved that it knows the authkey",
      { cause },
    );
  }
}
