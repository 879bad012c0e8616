import type { RawData, WebSocket } from "ws";
import { ProtocolError } from "../errors.js";
import type { Frame } from "./link.js";
import { Looking } from "./looking.js";
import { mostWaiting, SUBPROTOCOL, WordedLink } from "./worded-link.js";

/** No control word is longer. */
const LONGEST_WORD = 16;

function bytesOf(data: RawData): Uint8Array {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : data;
  return bytes instanceof ArrayBuffer
    ? new Uint8Array(bytes)
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A WebSocket of the library `ws` as a link. */
export class WebSocketLink extends WordedLink {
  private readonly looking = new Looking();

  constructor(
    private readonly socket: WebSocket,
    maxMessage: number,
    /** For other programs: messages go as text. */
    private readonly sendsText: boolean,
    private readonly onHold: (isHeld: boolean) => void,
  ) {
    super(socket.protocol === SUBPROTOCOL, maxMessage, mostWaiting(maxMessage), false);
  }

  close(isWhole: boolean): void {
    const { socket } = this;
    if (!isWhole) return socket.terminate();
    socket.resume(); // the peer's answer to the close has to be read
    socket.close(1000);
  }

  awaited(isAwaited: boolean): void {
    if (isAwaited) this.looking.begin();
    else this.looking.end();
  }

  ref(): void {
    this.onHold(true);
  }

  unref(): void {
    this.onHold(false);
  }

  protected transmit(frames: readonly Frame[], done: (error?: Error | null) => void): void {
    for (const [index, frame] of frames.entries()) {
      const binary = typeof frame !== "string" && (this.isOurs || !this.sendsText);
      if (index === frames.length - 1) this.socket.send(frame, { binary }, done);
      else this.socket.send(frame, { binary });
    }
  }

  protected say(word: string): void {
    this.socket.send(word, () => undefined); // who is gone is told of by its close
  }

  protected listen(): void {
    const { socket } = this;
    socket.on("message", (data, isBinary) => {
      const bytes = bytesOf(data);
      if (isBinary || !this.isOurs) this.take(bytes);
      else this.take(bytes, Buffer.from(bytes).toString("latin1", 0, LONGEST_WORD));
    });
    socket.on("error", (error: Error & { code?: string }) => {
      if (!error.code?.startsWith("WS_ERR_")) return; // the close that follows says the rest
      this.broke(new ProtocolError(`what came is no WebSocket message: ${error.message}`, { cause: error }));
    });
    socket.once("close", () => this.closed());
    if (socket.isPaused) socket.resume();
  }

  protected setReading(isReading: boolean): void {
    if (isReading) this.socket.resume();
    else this.socket.pause();
  }
}
