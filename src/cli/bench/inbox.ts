/** Messages that come by events, for those who wait for them. */
export class Inbox {
  private messages: Uint8Array[] = [];
  private wake: (() => void) | undefined;

  add(message: Uint8Array): void {
    this.messages.push(message);
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  async recv(): Promise<Uint8Array> {
    await this.whenAny();
    return this.messages.shift() as Uint8Array;
  }

  async recvMany(): Promise<Uint8Array[]> {
    await this.whenAny();
    const { messages } = this;
    this.messages = [];
    return messages;
  }

  private async whenAny(): Promise<void> {
    while (this.messages.length === 0)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
  }
}
