/** How long is measured. */
export interface Pace {
  /** Of each slice; also the least of warming up. */
  readonly sliceSeconds: number;
  readonly slices: number;
  /** Called between slices: gives the event loop a turn, and throws when it is to end. */
  readonly pause: () => Promise<void>;
}
