import { type AsyncConnection, EOFError } from "interproc";

/** Two ends of a connection as one over sockets is: promises only, and a codec (JSON) that knows nothing of calls. */
export function promiseConnection(): [AsyncConnection, AsyncConnection] {
  const left = new End();
  const right = new End();
  left.other = right;
  right.other = left;
  return [left, right] as unknown as [AsyncConnection, AsyncConnection];
}

class End {
  other: End | undefined;
  closed = false;
  readonly peer = { transport: "tcp" };
  private readonly messages: string[] = [];
  private waiting: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;

  async send(value: unknown): Promise<void> {
    this.other?.deliver(JSON.stringify(value));
  }

  recv(): Promise<unknown> {
    const text = this.messages.shift();
    if (text !== undefined) return Promise.resolve(JSON.parse(text));
    if (this.closed || this.other?.closed) return Promise.reject(new EOFError("the end"));
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  close(): void {
    this.closed = true;
    this.waiting?.reject(new EOFError("the end"));
    this.other?.waiting?.reject(new EOFError("the end"));
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  private deliver(text: string): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting) waiting.resolve(JSON.parse(text));
    else this.messages.push(text);
  }
}
