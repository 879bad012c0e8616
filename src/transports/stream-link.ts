import type { Readable, Writable } from "node:stream";
import type { FrameReader, Framing } from "./framing.js";
import type { Frame, Link, LinkReceiver } from "./link.js";

/** Up to so many bytes are copied together into one chunk; more go as they are, in one write all the same. */
const TOGETHER_BYTES = 16 * 1024;

/** A link over Node's streams: a socket, or a readable and a writable one. */
export class StreamLink implements Link {
  readonly parts: Link["parts"];
  private readonly reader: FrameReader;
  private receiver: LinkReceiver | undefined;
  private isOver = false;
  private limited: number;

  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
    private readonly framing: Framing,
    private readonly maxMessage: number,
    /** The first messages may be no longer than that. */
    first?: { readonly messages: number; readonly maxMessage: number },
    /** Ends the output once all was handed to the system. */
    private readonly endOutput: () => void = () => output.destroy(),
  ) {
    this.parts = framing.parts;
    this.reader = framing.reader(first?.maxMessage ?? maxMessage);
    this.limited = first?.messages ?? 0;
  }

  frame(payload: Uint8Array): Uint8Array {
    return this.framing.frame(payload);
  }

  write(frames: readonly Frame[], done: (error?: Error | null) => void): void {
    const { output } = this;
    const chunks = frames as readonly Uint8Array[];
    if (chunks.length === 1) {
      output.write(chunks[0], done);
      return;
    }
    let bytes = 0;
    for (const { length } of chunks) bytes += length;
    if (bytes <= TOGETHER_BYTES || bytes / chunks.length < 2048) {
      output.write(Buffer.concat(chunks, bytes), done);
      return;
    }
    output.cork();
    for (const [index, chunk] of chunks.entries())
      if (index < chunks.length - 1) output.write(chunk);
      else output.write(chunk, done);
    output.uncork();
  }

  start(receiver: LinkReceiver): void {
    this.receiver = receiver;
    const { input, output } = this;
    const end = (): void => this.finish();
    input.on("data", (chunk: Uint8Array) => this.take(chunk));
    input.once("end", end);
    input.once("close", end);
    // a reset is an end; a write that failed is none: what the peer had sent before it closed can still be read
    input.on("error", ({ syscall }: NodeJS.ErrnoException) => {
      if (syscall !== "write") end();
    });
    output.on("error", () => receiver.broken());
    output.once("close", () => receiver.broken());
    this.resume(); // it may have been paused while nobody listened
  }

  pause(): void {
    if (!this.input.isPaused()) this.input.pause();
  }

  resume(): void {
    if (this.input.isPaused()) this.input.resume();
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

  private take(chunk: Uint8Array): void {
    const { reader, receiver } = this;
    if (this.isOver || !receiver) return;
    try {
      reader.push(chunk);
      for (let message = reader.next(); message; message = reader.next()) {
        if (this.limited > 0 && --this.limited === 0) reader.maxMessage = this.maxMessage;
        receiver.message(message);
      }
    } catch (error) {
      this.isOver = true;
      receiver.failed(error as Error);
      return;
    }
    receiver.settled();
  }

  private finish(): void {
    if (this.isOver || !this.receiver) return;
    this.isOver = true;
    const last = this.reader.last();
    if (last) this.receiver.message(last);
    this.receiver.ended();
  }
}
