import { checkIndex } from "../../buffers.js";
import type { Claim, Lease } from "../../channel.js";
import { UsageError } from "../../errors.js";

export function claimOf(claimed: { bytes: Uint8Array; commit(length: number): void; abort(): void }): Claim {
  let { bytes } = claimed;
  let isOpen = true;
  const end = (operation: string): void => {
    if (!isOpen) throw new UsageError(`${operation} of a claim that was committed or aborted`);
    isOpen = false;
  };
  return {
    get bytes() {
      return bytes;
    },
    commit(length = bytes.length) {
      checkIndex(length, bytes.length, "length", "commit()");
      end("commit()");
      bytes = new Uint8Array(0);
      claimed.commit(length);
    },
    abort() {
      if (!isOpen) return;
      end("abort()");
      bytes = new Uint8Array(0);
      claimed.abort();
    },
  };
}

export function leaseOf(leased: { bytes: Uint8Array; release(): void }): Lease {
  let { bytes } = leased;
  let isOpen = true;
  const release = (): void => {
    if (!isOpen) return;
    isOpen = false;
    bytes = new Uint8Array(0);
    leased.release();
  };
  return {
    get bytes() {
      return bytes;
    },
    release,
    [Symbol.dispose]: release,
  };
}
