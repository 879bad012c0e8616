/*
 * The challenge of Python's multiprocessing.connection: each side proves that it knows the authkey, and never shows it.
 *
 * Idea    The verifier sends "#CHALLENGE#" and a message M; the other side answers with a code of M made with the key
 *         (HMAC); the verifier says "#WELCOME#" or "#FAILURE#". Python 3.12 and newer write the digest's name in braces
 *         before M's random bytes and before the code. Older ones send 20 bytes without a name, and answer with MD5.
 * Order   The listener verifies first, then the client.
 * Limits  Each of these messages has at most 256 bytes. MD5 is accepted, and given, only where it was asked for: a side that
 *         speaks modern could otherwise be talked down to it.
 *         The challenge proves who is there as the connection begins. It encrypts nothing, and somebody in the middle can
 *         pass it on: over a network it belongs inside TLS.
 * Source  deliver_challenge and answer_challenge of CPython; HMAC is RFC 2104.
 */
import { AuthenticationError } from "../errors.js";
import { hmac } from "./hmac.js";

const encoder = new TextEncoder();
const TAG = encoder.encode("#CHALLENGE#");
export const WELCOME = encoder.encode("#WELCOME#");
export const FAILURE = encoder.encode("#FAILURE#");
/** No message of a handshake is longer. */
export const MAX_HANDSHAKE_MESSAGE = 256;

/** Digests by Python's names. */
const digests: ReadonlyMap<string, string> = new Map([
  ["md5", "md5"],
  ["sha256", "sha256"],
  ["sha384", "sha384"],
  ["sha3_256", "sha3-256"],
  ["sha3_384", "sha3-384"],
]);
const RANDOM_BYTES = 40;
const MD5_BYTES = 16;
const LEGACY_LENGTHS: readonly number[] = [20, 16];
const MD5_ASKED = "the other side speaks MD5 only, as Python 3.11 and older do; md5: true allows that";

interface Named {
  readonly digest: string;
  readonly rest: Uint8Array;
}

/** The digest in braces before a message, and what follows; undefined where there is none. */
function named(message: Uint8Array): Named | undefined {
  const text = String.fromCharCode(...message.subarray(0, 16));
  const name = /^\{([a-z0-9_]+)\}/.exec(text)?.[1];
  return name !== undefined && digests.has(name)
    ? { digest: name, rest: message.subarray(name.length + 2) }
    : undefined;
}

const code = (digest: string, key: Uint8Array, message: Uint8Array): Uint8Array =>
  hmac(digests.get(digest) as string, key, message);

/** Takes as long wherever the two differ. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let differences = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) differences |= a[at] ^ b[at % b.length];
  return differences === 0;
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A fresh challenge, as it is sent. */
export function makeChallenge(): Uint8Array {
  return joined(TAG, encoder.encode("{sha256}"), crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

/** Whether a message is a challenge: what somebody gets who has no key and meets one who asks for it. */
export function isChallenge(message: Uint8Array): boolean {
  return message.length <= MAX_HANDSHAKE_MESSAGE && isSame(message.subarray(0, TAG.length), TAG);
}

export const isWelcome = (message: Uint8Array): boolean => isSame(message, WELCOME);

export const isFailure = (message: Uint8Array): boolean => isSame(message, FAILURE);

/** The answer to a challenge. @throws AuthenticationError for what is no challenge, or asks for MD5 where that is not allowed */
export function answerChallenge(challenge: Uint8Array, key: Uint8Array, md5: boolean): Uint8Array {
  if (!isChallenge(challenge))
    throw new AuthenticationError(
      "the other side sent something else than a challenge; it has no authkey, or is no listener that asks for one",
    );
  const message = challenge.subarray(TAG.length);
  if (LEGACY_LENGTHS.includes(message.length)) {
    if (!md5) throw new AuthenticationError(MD5_ASKED);
    return code("md5", key, message);
  }
  const asked = named(message);
  if (!asked)
    throw new AuthenticationError(
      `a challenge of ${message.length} bytes names no digest; allowed: ${[...digests.keys()].join(", ")}`,
    );
  if (asked.rest.length < Math.min(...LEGACY_LENGTHS) + 4)
    throw new AuthenticationError(`a challenge has ${asked.rest.length} random bytes; allowed: 20 or more`);
  if (asked.digest === "md5" && !md5) throw new AuthenticationError(MD5_ASKED);
  return joined(encoder.encode(`{${asked.digest}}`), code(asked.digest, key, message));
}

/** Whether an answer shows that the other side knows the key. @throws AuthenticationError that says why not */
export function verifyAnswer(answer: Uint8Array, challenge: Uint8Array, key: Uint8Array, md5: boolean): void {
  const message = challenge.subarray(TAG.length);
  if (answer.length === MD5_BYTES && isSame(answer, code("md5", key, message))) {
    if (md5) return;
    throw new AuthenticationError(MD5_ASKED);
  }
  const given = named(answer);
  if (!given)
    throw new AuthenticationError(
      "the other side's answer is no code of a known digest: it has another authkey, or none",
    );
  if (!isSame(given.rest, code(given.digest, key, message)))
    throw new AuthenticationError("the other side has another authkey");
  if (given.digest === "md5" && !md5) throw new AuthenticationError(MD5_ASKED);
}
