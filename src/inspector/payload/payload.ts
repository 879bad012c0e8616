/** What an object holds, as far as it is shown: text only. */
export interface Payload {
  /** What the entries are, in words. */
  readonly what: string;
  readonly entries: readonly PayloadEntry[];
  /** More than these are there. */
  readonly hasMore: boolean;
}

export interface PayloadEntry {
  /** A key, or which one it is. */
  readonly label: string;
  readonly bytes: number;
  readonly text: string;
}

/** So many entries are shown at most, and so many bytes of each are read. */
export const PAYLOAD_LIMITS = Object.freeze({ entries: 20, bytes: 4096 });
