import type { Peer } from "./peer.js";

/** Whom messages can be exchanged with: another thread, process of this machine, machine, web page, or a Python program. */
export type Reach = "thread" | "machine" | "network" | "browser" | "python";

/** What is known of a mechanism before it is measured; a recommendation weighs it against the needs. */
export interface Traits {
  /** As `--only` takes it. */
  readonly name: string;
  readonly title: string;
  /** Messages of any length, one number, or nothing but the fact that something happened. */
  readonly carries: "messages" | "number" | "nothing";
  readonly reach: readonly Reach[];
  /** What a message that was sent survives: nothing; the death of its sender; that of all processes that use it. */
  readonly survives: "nothing" | "sender" | "everyone";
  /** Several processes may take from it, each message going to one. */
  readonly hasManyTakers: boolean;
  /** Waiting blocks the thread. */
  readonly blocks: boolean;
  readonly losesMessages: boolean;
  /** The longest message, where that is short. */
  readonly mostBytes?: number;
}

/** Two processes (or threads) that are connected by a mechanism, seen from the one that measures. */
export interface Wire {
  readonly peer: Peer;
  /** One message there, and its answer of the same length back. Resolves false when it was lost on the way. */
  trip(bytes: number): Promise<boolean> | boolean;
  /** So many messages one way, as fast as they go; resolves with how many arrived, once the peer has said so. */
  flood(bytes: number, count: number): Promise<number>;
  /** Ends the peer and removes everything; within a bound, whatever state it is in. */
  close(): Promise<void>;
}

/** One way of exchanging messages between processes that can be measured. */
export interface Mechanism {
  readonly traits: Traits;
  /** Why it cannot be measured here, if it cannot. */
  whyNot?(): Promise<string | undefined>;
  /** Starts the peer. `mostBytes` is the longest message that will be sent; aborting `signal` ends what has begun. */
  open(mostBytes: number, signal: AbortSignal): Promise<Wire>;
}
