/** The other side of a measurement. */
export interface Peer {
  /** Rejects when it ends or fails by itself; never resolves. */
  readonly failed: Promise<never>;
  /** Ends it, whatever it does. */
  end(): Promise<void>;
}
