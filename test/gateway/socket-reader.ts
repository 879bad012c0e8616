import { once } from "node:events";
import { WebSocket } from "ws";

/** Reads a WebSocket whose messages are JSON. */
export class SocketReader {
  readonly socket: WebSocket;
  private readonly came: string[] = [];
  private told: (() => void) | undefined;

  constructor(url: string, protocols: string[] = [], headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, protocols, { headers });
    this.socket.on("message", (data) => {
      this.came.push(String(data));
      this.told?.();
    });
    this.socket.once("close", () => this.told?.());
    this.socket.on("error", () => undefined);
  }

  async next(): Promise<unknown> {
    while (this.came.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error("the WebSocket has closed");
      await new Promise<void>((resolve) => {
        this.told = resolve;
      });
    }
    return JSON.parse(this.came.shift() as string);
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.close();
    await once(this.socket, "close");
  }
}
