import type { BrokerUrl } from "../brokers/broker-url.js";

/** What goes to one end. */
export interface Letter {
  readonly to: string;
  /** Of the call that it is about. */
  readonly id: string;
  readonly body: Uint8Array;
  readonly contentType: string;
}

/** What has come, as far as the server tells. */
export interface Received {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly id: string | undefined;
}

/**
 * An address of one end of calls, and the way to those of others: messages come at most once, in the order of each sender. What is
 * sent to an address that is not there any more goes nowhere. When the end closes or its process dies, its address goes.
 */
export interface Mailbox {
  readonly address: string;
  /** Resolves when it is on its way. @throws SystemError */
  send(letter: Letter): Promise<void>;
  /** Whether somebody waits for what comes, for which the process should live. */
  hold(isHeld: boolean): void;
  close(): Promise<void>;
}

/** What a mailbox is opened with. */
export interface MailboxOpening {
  /** The queue of the calls. */
  readonly url: BrokerUrl;
  readonly operation: string;
  readonly signal: AbortSignal;
  readonly heard: (received: Received) => void;
}
