import { createHmac } from "node:crypto";

/** A message's code under a key (RFC 2104). The digest goes by OpenSSL's name. The browser build has another one in its place. */
export function hmac(digest: string, key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac(digest, key).update(message).digest();
}
