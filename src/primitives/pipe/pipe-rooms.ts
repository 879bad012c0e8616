import { deadlineOf, type SyncWaitOptions, timedOut, type WaitOptions } from "../../deadline.js";
import type { Parker } from "../../sync/parker.js";
import { Pending } from "../../sync/pending.js";
import type { Wait } from "../../sync/wait.js";

/** Room in the ring that somebody waits for. */
export interface Room {
  isThere(): boolean;
  /** The wait whose attempts are `attempt`, or end with the peer. */
  wait(attempt: () => boolean): Wait;
}

/** What is needed of a pipe's sending half. */
interface Sender {
  roomFor(length: number): Room;
  requireOtherThread(operation: string): void;
}

/** Waits for room in a pipe's ring, for who writes into it in place. */
export class PipeRooms {
  private readonly waiting = new Set<Pending<void>>();

  constructor(
    private readonly link: { readonly parker: Parker },
    private readonly sender: Sender,
  ) {}

  /** Resolves once a claim of `length` bytes is worth a try: there is room, or the peer is gone. */
  waitFor(length: number, operation: string, options: WaitOptions | undefined): Promise<void> {
    options?.signal?.throwIfAborted();
    const { parker } = this.link;
    const room = this.sender.roomFor(length);
    const wait = room.wait(() => room.isThere());
    const pending = new Pending<void>(operation, options ?? {}, () => undefined);
    const told: Wait = {
      ...wait,
      attempt: () => {
        if (!wait.attempt()) return false;
        pending.resolve();
        return true;
      },
    };
    this.waiting.add(pending);
    parker.start(told);
    return pending.promise.finally(() => {
      this.waiting.delete(pending);
      parker.stop(told);
    });
  }

  /** Blocks until `attempt` succeeds or the peer is gone. */
  block(attempt: () => boolean, length: number, operation: string, options: SyncWaitOptions | undefined): void {
    const deadline = deadlineOf(options?.timeout, operation);
    if (attempt()) return;
    this.sender.requireOtherThread(operation);
    const wait = this.sender.roomFor(length).wait(attempt);
    if (!this.link.parker.waitSync([wait], deadline)) throw timedOut(operation, options?.timeout);
  }

  rejectAll(error: () => Error): void {
    for (const pending of this.waiting) pending.reject(error());
  }
}
