import { BrokenPipeError } from "../errors.js";
import type { Frame } from "../transports/link.js";
import { SUBPROTOCOL, WordedLink } from "../transports/worded-link.js";

/** Longer messages go in parts, so that one which is given up half-way is void. */
const PART_BYTES = 256 * 1024;
/** So much the browser may have that it has not written yet; it tells of no room, so it is asked again and again. */
const MOST_BUFFERED = 2 ** 20;
const ASK_FIRST_MS = 1;
const ASK_LAST_MS = 16;

const OPEN = 1;

/** What a page's WebSocket has, as far as it is used here. */
export interface PageSocket {
  readonly protocol: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  binaryType: string;
  send(data: string | Uint8Array): void;
  close(code?: number): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "open" | "close" | "error", listener: (event?: unknown) => void): void;
}

/** A WebSocket of the platform as a link. What was written has been taken by the browser, and all but 1 MiB of it sent. */
export class PageLink extends WordedLink {
  private frames: Frame[] = [];
  /** What came before somebody listened. */
  private early: (() => void)[] | undefined = [];
  private done: (error?: Error | null) => void = () => undefined;

  constructor(
    private readonly socket: PageSocket,
    maxMessage: number,
    maxWaiting: number,
  ) {
    super(socket.protocol === SUBPROTOCOL, maxMessage, maxWaiting, true);
    const came = (event: () => void): void => {
      if (this.early) this.early.push(event);
      else event();
    };
    socket.addEventListener("message", ({ data }) =>
      came(() => {
        if (data instanceof ArrayBuffer) this.take(new Uint8Array(data));
        else this.take(new Uint8Array(0), String(data));
      }),
    );
    socket.addEventListener("close", () =>
      came(() => {
        this.frames = [];
        this.closed();
      }),
    );
  }

  close(): void {
    this.frames = []; // of a message that is half sent the rest never comes, and no commit
    this.done = () => undefined;
    this.socket.close(1000);
  }

  /** A page has nothing that a connection could keep alive. */
  ref(): void {}

  unref(): void {}

  protected transmit(frames: readonly Frame[], done: (error?: Error | null) => void): void {
    this.frames = frames.flatMap((frame) => this.pieced(frame));
    this.done = done;
    this.advance(ASK_FIRST_MS);
  }

  protected say(word: string): void {
    if (this.socket.readyState === OPEN) this.socket.send(word);
  }

  protected listen(): void {
    this.say("go");
    const { early = [] } = this;
    this.early = undefined;
    for (const event of early) event();
  }

  protected setReading(): void {}

  private pieced(frame: Frame): Frame[] {
    if (typeof frame === "string" || frame.length <= PART_BYTES) return [frame];
    const frames: Frame[] = ["begin"];
    for (let at = 0; at < frame.length; at += PART_BYTES) frames.push(frame.subarray(at, at + PART_BYTES));
    return [...frames, "commit"];
  }

  /** Gives the browser what it has room for. */
  private readonly advance = (askAgainMs: number): void => {
    const { socket, frames } = this;
    for (let sent = 0; ; sent++) {
      if (socket.readyState !== OPEN) {
        frames.length = 0;
        return this.settle(new BrokenPipeError("send(), and the WebSocket is closed"));
      }
      if (socket.bufferedAmount > MOST_BUFFERED) {
        frames.splice(0, sent);
        setTimeout(this.advance, askAgainMs, Math.min(2 * askAgainMs, ASK_LAST_MS));
        return;
      }
      if (sent === frames.length) break;
      socket.send(frames[sent]);
    }
    frames.length = 0;
    this.settle();
  };

  /** Says how the write came out; never within it. */
  private settle(error?: Error): void {
    queueMicrotask(() => {
      const { done } = this;
      this.done = () => undefined;
      done(error);
    });
  }
}
