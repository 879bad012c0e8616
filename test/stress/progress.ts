import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Fault } from "./traffic.js";

const faults: readonly (Fault | undefined)[] = [undefined, "corrupt", "out of order"];

/** How far a party got; `started` counts messages whose sending may have begun. */
export interface Account {
  readonly started: number;
  readonly finished: number;
  readonly fault?: Fault | undefined;
}

/**
 * A party's account of what it did, kept in a file by one write each time, so that it is there after the party was
 * killed. It owes nothing to what is tested.
 */
export class Progress {
  private readonly fd: number;
  private readonly words = new Uint32Array(3);

  constructor(path: string) {
    this.fd = openSync(path, "w");
  }

  record({ started, finished, fault }: Account): void {
    this.words.set([started, finished, faults.indexOf(fault)]);
    writeSync(this.fd, this.words, 0, this.words.byteLength, 0);
  }

  close(): void {
    closeSync(this.fd);
  }

  /** The last account; zeros when the party did not live to make one. */
  static read(path: string): Account {
    try {
      const bytes = readFileSync(path);
      if (bytes.length === 0) return { started: 0, finished: 0 };
      return { started: bytes.readUInt32LE(0), finished: bytes.readUInt32LE(4), fault: faults[bytes.readUInt32LE(8)] };
    } catch {
      return { started: 0, finished: 0 };
    }
  }
}
