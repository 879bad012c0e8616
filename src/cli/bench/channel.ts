/** What carries messages both ways, in order and without loss, whatever it is made of. */
export interface Channel {
  send(bytes: Uint8Array): Promise<unknown>;
  /** Sends several, as fast as it goes; resolves when more may follow. */
  sendMany(messages: readonly Uint8Array[]): Promise<unknown>;
  recv(): Promise<Uint8Array>;
  /** Waits for one and gives those that are there. */
  recvMany(): Promise<readonly Uint8Array[]>;
}
