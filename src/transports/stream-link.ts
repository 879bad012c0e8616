import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { FrameReader, Framing } from "./framing.js";
import type { Frame, Link, LinkReceiver, Outgoing } from "./link.js";
import { Looking } from "./looking.js";
import { OutgoingFrames } from "./outgoing-frames.js";
import { readInto } from "./read-into.js";

/** Up to so many bytes are copied together into one chunk; more go as they are, in one write all the same. */
const TOGETHER_BYTES = 16 * 1024;

/** A link over Node's streams: a socket, or a readable and a writable one. */
export class StreamLink implements Link {
  readonly parts: Link["parts"];
  private readonly reader: FrameReader;
  private readonly looking = new Looking();
  private receiver: LinkReceiver | undefined;
  private isOwn = true;
  private isOver = false;
  private limited: number;
  /** Node's sockets hand what they can to the system within the call, and hold the rest. */
  private readonly tellsAtOnce: boolean;
  private done: ((error?: Error | null) => void) | undefined;
  /** Of so many writes it is known already that they are done: Node will say so yet. */
  private told = 0;

  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
    private readonly framing: Framing,
    private readonly maxMessage: number,
    /** The first messages may be no longer than that. */
    first?: { readonly messages: number; readonly maxMessage: number },
    /** Ends the output once all was handed to the system. */
    private readonly endOutput: () => void = () => output.destroy(),
    /** Puts what the system has for the input, past Node's stream, into `room`; gives how many bytes. */
    private readonly fill?: (room: Uint8Array) => number,
    /** Reads may go into borrowed memory: it is a plain socket. */
    private readonly borrows = false,
  ) {
    this.parts = framing.parts;
    this.tellsAtOnce = output instanceof Socket;
    this.reader = framing.reader(first?.maxMessage ?? maxMessage);
    this.limited = first?.messages ?? 0;
  }

  outgoing(isNext: boolean): Outgoing {
    return new OutgoingFrames(this.framing, isNext);
  }

  write(frames: readonly Frame[], done: (error?: Error | null) => void): boolean {
    const { output } = this;
    const chunks = frames as readonly Uint8Array[];
    if (chunks.length === 1) output.write(chunks[0], this.onWritten);
    else this.writeAll(chunks);
    if (this.tellsAtOnce && output.writableLength === 0 && output.writable) {
      this.told++;
      return true;
    }
    this.done = done;
    return false;
  }

  private writeAll(chunks: readonly Uint8Array[]): void {
    const { output } = this;
    let bytes = 0;
    for (const { length } of chunks) bytes += length;
    if (bytes <= TOGETHER_BYTES || bytes / chunks.length < 2048) {
      output.write(Buffer.concat(chunks, bytes), this.onWritten);
      return;
    }
    output.cork();
    for (let index = 0; index < chunks.length - 1; index++) output.write(chunks[index]);
    output.write(chunks[chunks.length - 1], this.onWritten);
    output.uncork();
  }

  start(receiver: LinkReceiver, isOwn: boolean): void {
    this.receiver = receiver;
    this.isOwn = isOwn;
    const { input, output } = this;
    const end = (): void => this.finish();
    const readsInto = this.borrows && readInto(input as Socket, (borrowed) => this.take(borrowed, true));
    if (!readsInto) input.on("data", (chunk: Uint8Array) => this.take(chunk, false));
    input.once("end", end);
    input.once("close", end);
    // a reset is an end; a write that failed is none: what the peer had sent before it closed can still be read
    input.on("error", ({ syscall }: NodeJS.ErrnoException) => {
      if (syscall !== "write") end();
    });
    output.on("error", () => receiver.broken());
    output.once("close", () => receiver.broken());
    input.resume(); // it may have been paused while nobody listened
  }

  pause(): void {
    if (!this.input.isPaused()) this.input.pause();
  }

  resume(): void {
    if (this.input.isPaused()) this.input.resume();
  }

  awaited(isAwaited: boolean): void {
    if (isAwaited) this.looking.begin();
    else this.looking.end();
  }

  get kept(): number {
    return this.reader.kept;
  }

  end(): void {
    this.output.end();
  }

  close(isWhole: boolean): void {
    const { input, output } = this;
    if (isWhole && !output.writableFinished) {
      if ((input as unknown) === output) input.pause(); // what comes now is for nobody
      output.end(this.endOutput);
    } else if (isWhole) this.endOutput();
    else output.destroy();
    if ((input as unknown) !== output) input.destroy();
  }

  ref(): void {
    for (const stream of [this.input, this.output] as { ref?(): void }[]) stream.ref?.();
  }

  unref(): void {
    for (const stream of [this.input, this.output] as { unref?(): void }[]) stream.unref?.();
  }

  private readonly onWritten = (error?: Error | null): void => {
    if (this.told > 0) {
      this.told--;
      return;
    }
    const { done } = this;
    this.done = undefined;
    done?.(error);
  };

  private take(chunk: Uint8Array, isBorrowed: boolean): void {
    const { reader, receiver } = this;
    if (this.isOver || !receiver) return;
    try {
      if (isBorrowed) this.borrow(chunk, reader, receiver);
      else reader.bytes.push(chunk);
      this.passOn(reader, receiver);
      if (this.fillIn(reader, receiver)) this.passOn(reader, receiver);
      reader.bytes.keep();
    } catch (error) {
      this.isOver = true;
      receiver.failed(error as Error);
      return;
    }
    receiver.settled();
  }

  private borrow(chunk: Uint8Array, { bytes }: FrameReader, receiver: LinkReceiver): void {
    const rest = bytes.absorb(chunk);
    if (rest.length === 0) return;
    if (rest.length < chunk.length) this.passOn(this.reader, receiver);
    bytes.lend(rest);
  }

  private passOn(reader: FrameReader, receiver: LinkReceiver): void {
    for (let message = reader.next(this.isOwn); message; message = reader.next(this.isOwn)) {
      if (this.limited > 0 && --this.limited === 0) reader.maxMessage = this.maxMessage;
      receiver.message(message);
    }
  }

  /**
   * Takes the rest of a long message from the system to where it belongs, as far as it has come: Node would allocate 64 KiB for
   * each read, and what it reads would have to be copied. What Node holds already comes first.
   */
  private fillIn(reader: FrameReader, receiver: LinkReceiver): boolean {
    const { fill, input } = this;
    if (!fill) return false;
    const { bytes: queue } = reader;
    for (let room = queue.room(); room && input.readableLength === 0; room = queue.room()) {
      const bytes = fill(room);
      if (bytes === 0) return false;
      queue.filled(bytes);
      receiver.settled();
      if (input.isPaused()) return true;
    }
    return true;
  }

  private finish(): void {
    if (this.isOver || !this.receiver) return;
    this.isOver = true;
    const last = this.reader.last();
    if (last) this.receiver.message(last);
    this.receiver.ended();
  }
}
