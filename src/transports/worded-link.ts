/*
 * A WebSocket as a link: a message is one binary WebSocket message.
 *
 * Idea    Between two of our own ends, which find each other by the subprotocol "interproc", a text message is a control word:
 *         "begin" says that the binary ones up to "commit" or "cancel" are parts of one message, which counts or is void;
 *         "end" is the end of file. With other programs (a page, websockat) a text message is a message, in UTF-8,
 *         and codecs of text send text.
 * States  Most ends are paused by not reading. A page's WebSocket cannot be: such an end says "go" before anything else, and
 *         from then on both ends say "hold" when too much waits for who receives, and "go" when there is room. Who was
 *         told to hold sends control words only, and goes on reading, so that each word is seen.
 * Death   A message whose sender ends before the commit was never there.
 * Limits  A control word at the wrong place is a ProtocolError, and so is what comes after a "hold" beyond what could be under
 *         way. A message longer than `maxMessage` is refused; Node's library that parses frames does so before it has it.
 */
import { ProtocolError, UsageError } from "../errors.js";
import { ByteQueue } from "./byte-queue.js";
import type { Frame, Link, LinkReceiver, Outgoing } from "./link.js";

export const SUBPROTOCOL = "interproc";

/** So much may wait before the peer is told to hold. */
const HOLD_BYTES = 256 * 1024;
/** So much, besides one message, may be under way when it is told. */
const UNDER_WAY = 16 * 2 ** 20;
/** What a message weighs besides its bytes. */
const EACH = 64;

const parts = {
  begin: "begin",
  part: (bytes: Uint8Array) => bytes.slice(),
  commit: "commit",
  cancel: "cancel",
} as const;

/** How much may wait in an end that cannot stop reading, where nothing else is said. */
export const mostWaiting = (maxMessage: number): number => maxMessage + UNDER_WAY;

/** What every WebSocket does as a link, whoever provides it. */
export abstract class WordedLink implements Link {
  readonly parts: Link["parts"];
  protected receiver: LinkReceiver | undefined;
  private readonly pieces = new ByteQueue();
  private inParts = false;
  private isOver = false;
  private isHeldUp = false;
  private heldUp: (() => void) | undefined;
  private isPaused = false;
  private hasSaidHold = false;
  /** What came since it was paused. */
  private ahead = 0;

  constructor(
    /** The other end is interproc's too. */
    protected readonly isOurs: boolean,
    private readonly maxMessage: number,
    private readonly maxWaiting: number,
    /** It goes on reading, and says "hold". */
    private speaksOfFlow: boolean,
  ) {
    this.parts = isOurs ? parts : undefined;
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
    this.whenFree(() => this.transmit(frames, done));
    return false;
  }

  start(receiver: LinkReceiver): void {
    this.receiver = receiver;
    this.listen();
  }

  pause(): void {
    this.isPaused = true;
    if (!this.speaksOfFlow) this.setReading(false);
  }

  resume(): void {
    this.isPaused = false;
    this.ahead = 0;
    if (!this.speaksOfFlow) return this.setReading(true);
    if (!this.hasSaidHold) return;
    this.hasSaidHold = false;
    this.say("go");
  }

  get kept(): number {
    return this.pieces.length;
  }

  end(): void {
    if (!this.isOurs)
      throw new UsageError("closeSending() over a WebSocket to a program that is not interproc; allowed: close()");
    this.say("end");
  }

  abstract close(isWhole: boolean): void;
  abstract ref(): void;
  abstract unref(): void;

  /** Hands frames to the WebSocket. */
  protected abstract transmit(frames: readonly Frame[], done: (error?: Error | null) => void): void;
  protected abstract say(word: string): void;
  /** Begins to give what comes to `take`, `broke` and `closed`. */
  protected abstract listen(): void;
  protected abstract setReading(isReading: boolean): void;

  /** Does something once the peer takes messages; one such thing waits at a time. */
  protected whenFree(act: () => void): void {
    if (this.isHeldUp) this.heldUp = act;
    else act();
  }

  /** A message that came, or a control word. */
  protected take(bytes: Uint8Array, word?: string): void {
    const { receiver } = this;
    if (this.isOver || !receiver) return;
    try {
      if (word === undefined) this.keep(bytes, receiver);
      else this.control(word, receiver);
    } catch (error) {
      return this.broke(error as Error);
    }
    receiver.settled();
  }

  /** What came is none of ours. */
  protected broke(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.receiver?.failed(error);
  }

  protected closed(): void {
    this.receiver?.broken();
    this.finish();
  }

  private keep(bytes: Uint8Array, receiver: LinkReceiver): void {
    const { maxMessage, maxWaiting, pieces } = this;
    if (pieces.length + bytes.length > maxMessage)
      throw new ProtocolError(`a message of more than ${maxMessage} bytes (maxMessage) comes`);
    if (this.inParts) pieces.push(bytes);
    else receiver.message(bytes);
    if (!this.isPaused || !this.speaksOfFlow) return;
    this.ahead += bytes.length + EACH;
    if (this.ahead > maxWaiting)
      throw new ProtocolError(
        `${this.ahead} bytes came that nobody received, and a WebSocket cannot be paused here; at most ${maxWaiting} (maxWaitingBytes)`,
      );
    if (!this.isOurs || this.hasSaidHold || this.ahead <= HOLD_BYTES) return;
    this.hasSaidHold = true;
    this.say("hold");
  }

  private control(word: string, receiver: LinkReceiver): void {
    const { pieces, inParts } = this;
    if (word === "begin" && !inParts) this.inParts = true;
    else if (word === "end" && !inParts) this.finish();
    else if ((word === "commit" || word === "cancel") && inParts) {
      this.inParts = false;
      if (word === "commit") receiver.message(pieces.take(pieces.length));
      else pieces.drop(pieces.length);
    } else if (word === "hold" || word === "go") this.flow(word);
    else throw new ProtocolError(`the control word ${JSON.stringify(word)} came where it has no place`);
  }

  private flow(word: "hold" | "go"): void {
    if (!this.speaksOfFlow) {
      this.speaksOfFlow = true;
      if (this.isPaused) this.setReading(true);
    }
    this.isHeldUp = word === "hold";
    if (this.isHeldUp) return;
    const { heldUp } = this;
    this.heldUp = undefined;
    heldUp?.();
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.receiver?.ended();
  }
}
