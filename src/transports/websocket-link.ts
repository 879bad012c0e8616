/*
 * A WebSocket as a link: a message is one binary WebSocket message.
 *
 * Idea    Between two of our own ends, which find each other by the subprotocol "interproc", a text message is a control word:
 *         "begin" says that the binary ones up to "commit" or "cancel" are parts of one message, which counts or is void;
 *         "end" is the end of file. With other programs (a page, websockat) a text message is a message, in UTF-8,
 *         and codecs of text send text.
 * Limits  A control word at the wrong place is a ProtocolError. The library that parses frames refuses what is longer than
 *         `maxMessage` before it has it.
 */
import type { RawData, WebSocket } from "ws";
import { ProtocolError, UsageError } from "../errors.js";
import { ByteQueue } from "./byte-queue.js";
import type { Frame, Link, LinkReceiver, Outgoing } from "./link.js";
import { ownBytes } from "./own-bytes.js";

export const SUBPROTOCOL = "interproc";

const parts = {
  begin: "begin",
  part: (bytes: Uint8Array) => bytes.slice(),
  commit: "commit",
  cancel: "cancel",
} as const;

function bytesOf(data: RawData): Uint8Array {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : data;
  return bytes instanceof ArrayBuffer
    ? new Uint8Array(bytes)
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export class WebSocketLink implements Link {
  readonly parts: Link["parts"];
  private readonly isOurs: boolean;
  private readonly pieces = new ByteQueue();
  private inParts = false;
  private isOver = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly maxMessage: number,
    /** For other programs: messages go as text. */
    private readonly sendsText: boolean,
    private readonly onHold: (isHeld: boolean) => void,
  ) {
    this.isOurs = socket.protocol === SUBPROTOCOL;
    this.parts = this.isOurs ? parts : undefined;
  }

  outgoing(): Outgoing {
    const frames: Uint8Array[] = [];
    let bytes = 0;
    return {
      get bytes() {
        return bytes;
      },
      add(message) {
        frames.push(message.slice());
        bytes += message.length;
      },
      frames: () => frames,
      leave: () => undefined,
      keep: () => frames,
    };
  }

  write(frames: readonly Frame[], done: (error?: Error | null) => void): boolean {
    for (const [index, frame] of frames.entries()) {
      const binary = typeof frame !== "string" && (this.isOurs || !this.sendsText);
      if (index === frames.length - 1) this.socket.send(frame, { binary }, done);
      else this.socket.send(frame, { binary });
    }
    return false;
  }

  start(receiver: LinkReceiver, isOwn: boolean): void {
    const { socket } = this;
    socket.on("message", (data, isBinary) => {
      if (this.isOver) return;
      try {
        const bytes = bytesOf(data);
        this.take(isOwn ? ownBytes(bytes) : bytes, isBinary, receiver);
      } catch (error) {
        this.isOver = true;
        receiver.failed(error as Error);
        return;
      }
      receiver.settled();
    });
    socket.on("error", (error: Error & { code?: string }) => {
      if (this.isOver || !error.code?.startsWith("WS_ERR_")) return; // the close that follows says the rest
      this.isOver = true;
      receiver.failed(new ProtocolError(`what came is no WebSocket message: ${error.message}`, { cause: error }));
    });
    socket.once("close", () => {
      receiver.broken();
      this.finish(receiver);
    });
    if (socket.isPaused) socket.resume();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  get kept(): number {
    return this.pieces.length;
  }

  end(): void {
    if (!this.isOurs)
      throw new UsageError("closeSending() over a WebSocket to a program that is not interproc; allowed: close()");
    this.socket.send("end");
  }

  close(isWhole: boolean): void {
    const { socket } = this;
    if (!isWhole) return socket.terminate();
    socket.resume(); // the peer's answer to the close has to be read
    socket.close(1000);
  }

  ref(): void {
    this.onHold(true);
  }

  unref(): void {
    this.onHold(false);
  }

  private take(bytes: Uint8Array, isBinary: boolean, receiver: LinkReceiver): void {
    if (!isBinary && this.isOurs) return this.control(Buffer.from(bytes).toString("latin1", 0, 16), receiver);
    if (!this.inParts) return receiver.message(bytes);
    if (this.pieces.length + bytes.length > this.maxMessage)
      throw new ProtocolError(`a message of more than ${this.maxMessage} bytes (maxMessage) comes in parts`);
    this.pieces.push(bytes);
  }

  private control(word: string, receiver: LinkReceiver): void {
    const { pieces, inParts } = this;
    if (word === "begin" && !inParts) this.inParts = true;
    else if (word === "end" && !inParts) this.finish(receiver);
    else if ((word === "commit" || word === "cancel") && inParts) {
      this.inParts = false;
      if (word === "commit") receiver.message(pieces.take(pieces.length));
      else pieces.drop(pieces.length);
    } else throw new ProtocolError(`the control word ${JSON.stringify(word)} came where it has no place`);
  }

  private finish(receiver: LinkReceiver): void {
    if (this.isOver) return;
    this.isOver = true;
    receiver.ended();
  }
}
