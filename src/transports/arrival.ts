import type { Peer } from "../channel.js";
import type { TlsOptions } from "./connection-options.js";
import type { Link } from "./link.js";

/** Somebody has connected: what a listener makes a connection of. */
export interface Arrival {
  readonly link: Link;
  readonly peer: Peer;
  /** Says so once the other end is gone and everything is freed. */
  onGone(listener: () => void): void;
  /** Ends it at once. */
  destroy(): void;
}

/** What a listener waits with: a server of some kind, which is open. */
export interface Entrance {
  /** As an url, with the port that was picked. */
  readonly address: string;
  /** Takes nobody any more, and takes its name away; connections stay. */
  close(): Promise<void>;
  /** Whether waiting for somebody keeps the process alive. */
  hold(isHeld: boolean): void;
  /** Newer certificates, for connections from now on. */
  reload?(tls: TlsOptions): void;
}

/** How an entrance tells of those who come. */
export interface Porter {
  /** So many may be there at once. */
  readonly most: number;
  /** One came who is too many, and was closed. */
  tooMany(): void;
  /** Whether one more may come in now; what is refused is closed without a word. */
  admits(): boolean;
  arrived(arrival: Arrival): void;
  refused(error: Error): void;
}
