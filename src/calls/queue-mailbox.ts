import { randomUUID } from "node:crypto";
import type { AsyncQueue } from "../async-queue.js";
import { openQueue } from "../brokers/open-queue.js";
import { InterprocError } from "../errors.js";
import type { Letter, Mailbox, MailboxOpening } from "./mailbox.js";

/** Whoever does not take for so long what was sent to him is not waited for. */
const PATIENCE_MS = 10_000;

/** What a letter is in such a queue: shared memory has nothing beside a value. */
interface Enclosed {
  readonly type: string;
  readonly body: Uint8Array;
}

/** A mailbox where there is no server: a queue of the end's own, on the same machine. */
export class QueueMailbox implements Mailbox {
  private isClosed = false;
  /** Ends the waiting for what comes: a pending wait would keep the process alive. */
  private pause: AbortController | undefined;

  private constructor(
    readonly address: string,
    private readonly placeOf: (address: string) => string,
    private readonly queue: AsyncQueue<Enclosed>,
    private readonly opening: MailboxOpening,
  ) {}

  static async open(opening: MailboxOpening): Promise<QueueMailbox> {
    const { scheme, name } = opening.url;
    const placeOf = (address: string): string => `${scheme}:${name}.mail.${address}`;
    const address = randomUUID();
    const queue = await openQueue<Enclosed>(placeOf(address), { signal: opening.signal });
    // a consumer of files takes its seat with this: by that others see that it lives
    await queue.tryGet();
    return new QueueMailbox(address, placeOf, queue, opening);
  }

  async send({ to, contentType, body }: Letter): Promise<void> {
    try {
      await using queue = await openQueue<Enclosed>(this.placeOf(to), { mustExist: true });
      await queue.put({ type: contentType, body }, { timeout: PATIENCE_MS });
    } catch (error) {
      // it is gone, or its process hangs
      const { code } = error as InterprocError;
      const isGone = code === "ERR_INTERPROC_NOT_FOUND" || code === "ERR_INTERPROC_TIMEOUT";
      if (!(error instanceof InterprocError && isGone)) throw error;
    }
  }

  /** What comes meanwhile stays in the queue. */
  hold(isHeld: boolean): void {
    if (isHeld === (this.pause !== undefined)) return;
    this.pause?.abort();
    this.pause = undefined;
    if (!isHeld || this.isClosed) return;
    this.pause = new AbortController();
    this.listen(this.pause.signal).catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.pause?.abort();
    await this.queue.delete();
  }

  private async listen(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { type, body } = await this.queue.get({ signal });
      this.opening.heard({ body, contentType: type, id: undefined });
    }
  }
}
