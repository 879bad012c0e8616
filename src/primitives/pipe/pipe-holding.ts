import type { Peer } from "../../channel.js";
import { HANDLE } from "../../codec.js";
import { ClosedError, type InterprocError, ProtocolError, UsageError } from "../../errors.js";
import { removeIfLast } from "../../memory/attachments.js";
import { CLOSED, IN_FLIGHT, isOwner } from "../../memory/owner.js";
import type { Segment } from "../../memory/segment.js";
import { beforeLeaving } from "../../memory/this-thread.js";
import { pipeBody } from "../../rings/pipe.layout.js";
import { dropFolder, flightFolder, makeLink, removeLink } from "../flight.js";
import { cannotGive, type Given, type Handing } from "../handle.js";
import { PipeLink } from "./pipe-link.js";
import { PipeReceiving } from "./pipe-receiving.js";
import { PipeSending } from "./pipe-sending.js";

/** What came of a message that a former holder of the end had begun to take in. */
export type PartialMessage = { bytes: Uint8Array; total: number; flags: number };

/** The longest message of any pipe, whatever its header says. */
export const MAX_MESSAGE = 2 ** 30;

const open = new Set<PipeHolding>();
let leaving = false;

/** Ends of one pipe that this thread holds, by the pipe's identity: they share one mapping. */
export const mappedPipes = new Map<string, Segment>();

/**
 * That this thread holds an end of a pipe: from making or taking it until it is closed or handed over.
 */
export abstract class PipeHolding implements Handing {
  protected readonly sending: PipeSending | undefined;
  protected readonly receiving: PipeReceiving | undefined;
  private readonly link: PipeLink;
  private movedTo = "";
  private brokenBy: ProtocolError | undefined;

  /** @internal use `pipe()` */
  constructor(
    private readonly segment: Segment,
    private readonly end: number,
    partial?: PartialMessage,
    private state: "open" | "closed" | "moved" = "open",
  ) {
    const body = segment.bodyOffset / 4;
    const duplex = segment.words.load(body + pipeBody.word.duplex) === 1;
    const maxMessage = Math.min(segment.words.load(body + pipeBody.word.maxMessage) >>> 0, MAX_MESSAGE);
    const folder = (): string => flightFolder(segment.id);
    const broken = (error: unknown): void => this.break(error);
    this.link = new PipeLink(segment, end);
    if (duplex || end === 1) this.sending = new PipeSending(this.link, maxMessage, folder, broken);
    if (duplex || end === 0) this.receiving = new PipeReceiving(this.link, maxMessage, folder, broken);
    if (partial) this.receiving?.reader.resume(partial);
    if (state !== "open") return;
    mappedPipes.set(segment.id, segment);
    open.add(this);
    if (!leaving) {
      leaving = true;
      beforeLeaving(() => {
        for (const one of open) one.close();
      });
    }
  }

  get closed(): boolean {
    return this.state !== "open";
  }

  get peer(): Peer {
    if (this.state !== "open") return { transport: "shm" };
    const owner = this.link.peerOwner;
    const pid = isOwner(owner) ? this.segment.registry.pidOf(owner) : undefined;
    return pid === undefined ? { transport: "shm" } : { transport: "shm", pid, uid: process.getuid?.() };
  }

  close(): void {
    if (this.state !== "open") return;
    this.state = "closed";
    this.detach(CLOSED, () => this.unusable("the call"));
    if (removeIfLast(this.segment)) dropFolder(flightFolder(this.segment.id));
    this.unmap();
  }

  ref(): this {
    return this.holdLoop(true);
  }

  unref(): this {
    return this.holdLoop(false);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Hands this end over: it is in flight from now on, and this object is of no use any more. */
  [HANDLE](folder: string): Given {
    if (this.state !== "open" || this.brokenBy) throw this.unusable("hand over");
    if (this.sending?.isIdle === false || this.receiving?.isIdle === false)
      throw cannotGive("pipe end", "a call on it is still waiting");
    const { segment, end, link } = this;
    const partial = this.receiving?.reader.partial();
    const name = makeLink(folder, segment, end);
    link.setOwn(IN_FLIGHT);
    this.state = "moved";
    this.movedTo = "another process";
    return {
      descriptor: { kind: "pipe", link: name, end, ...(partial && { partial }) },
      commit: (to) => {
        this.movedTo = to;
        open.delete(this);
        this.unmap();
      },
      undo: () => {
        link.setOwn(segment.registry.self);
        this.state = "open";
        removeLink(folder, name);
      },
    };
  }

  protected out(operation: string): PipeSending {
    if (this.state !== "open" || this.brokenBy) throw this.unusable(operation);
    if (!this.sending) throw new UsageError(`${operation} on the receiving end of a pipe made with { duplex: false }`);
    return this.sending;
  }

  protected into(operation: string): PipeReceiving {
    if (this.state !== "open" || this.brokenBy) throw this.unusable(operation);
    if (!this.receiving) throw new UsageError(`${operation} on the sending end of a pipe made with { duplex: false }`);
    return this.receiving;
  }

  /** Whether the other side has broken the protocol, which every call says. */
  protected get isBroken(): boolean {
    return this.state === "open" && this.brokenBy !== undefined;
  }

  private unusable(operation: string): InterprocError {
    if (this.brokenBy) return this.brokenBy;
    if (this.state === "moved")
      return new ClosedError(`${operation} on a pipe's end that now belongs to ${this.movedTo}`);
    return new ClosedError(`${operation} on a pipe's end that is closed`);
  }

  /** The other side's words contradict each other: this end reads and writes nothing any more, and its peer gets EOF. */
  private break(error: unknown): void {
    if (this.brokenBy || this.state !== "open") return;
    this.brokenBy =
      error instanceof ProtocolError ? error : new ProtocolError(`the pipe broke: ${error}`, { cause: error });
    this.link.setOwn(CLOSED);
    this.link.wakePeer();
  }

  private detach(word: number, error: () => Error): void {
    open.delete(this);
    this.sending?.rejectAll(error);
    this.receiving?.rejectAll(error);
    this.link.setOwn(word);
    this.link.wakePeer();
  }

  /** The mapping goes with the second end that this thread gives up. */
  private unmap(): void {
    const { segment } = this;
    for (const one of open) if (one.segment === segment) return;
    if (mappedPipes.get(segment.id) === segment) mappedPipes.delete(segment.id);
    segment.unmap();
  }

  private holdLoop(held: boolean): this {
    if (this.sending) this.sending.holdsLoop = held;
    if (this.receiving) this.receiving.holdsLoop = held;
    this.link.parker.holdsChanged();
    return this;
  }
}
