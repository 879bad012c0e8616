import type { WaitOptions } from "../deadline.js";
import { PendingCall } from "../pending-call.js";

/** A datagram as it came. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly host: string;
  readonly port: number;
}

interface Entry {
  readonly pending: PendingCall<Packet>;
  /** Looks at what is next and leaves it. */
  readonly looks: boolean;
}

/**
 * The datagrams that nobody has taken yet, and the calls that wait for one, each in its order. When there are too many
 * of them the oldest go.
 */
export class DatagramInbox {
  /** How many were dropped so far. */
  missed = 0;
  /** Told how many were dropped, before the next one is given out. */
  onMissed: ((count: number) => void) | undefined;
  private readonly calls: Entry[] = [];
  private readonly kept: (Packet | Error)[] = [];
  private bytes = 0;
  /** Dropped since the last one that was given out. */
  private gap = 0;

  constructor(
    private readonly most: number,
    private readonly mostBytes: number,
    /** Whether some call waits may have changed. */
    private readonly onWaiting: () => void,
  ) {}

  get isWaiting(): boolean {
    return this.calls.length > 0;
  }

  /** Whether a receive would not wait. */
  get wouldNotWait(): boolean {
    return this.kept.length > 0 && this.calls.every(({ looks }) => looks);
  }

  /** Takes in what came: a datagram, or an error that the next receive is to throw. */
  add(arrival: Packet | Error): void {
    this.kept.push(arrival);
    this.bytes += lengthOf(arrival);
    this.serve();
    while (this.kept.length > this.most || this.bytes > this.mostBytes) {
      this.drop();
      this.missed++;
      this.gap++;
    }
  }

  /** The next datagram, if there is one and no call waits for it. @throws the error that came in its place */
  takeNow(): Packet | undefined {
    if (!this.wouldNotWait) return undefined;
    const arrival = this.pull();
    if (arrival instanceof Error) throw arrival;
    return arrival;
  }

  take(operation: string, options?: WaitOptions): Promise<Packet> {
    return this.call(operation, options, false);
  }

  /** Resolves once a datagram is there. */
  async look(operation: string, options?: WaitOptions): Promise<void> {
    await this.call(operation, options, true);
  }

  /** It was closed: calls that wait reject, and what nobody took is gone. */
  close(error: () => Error): void {
    for (const { pending } of this.calls.splice(0)) pending.reject(error());
    this.kept.length = 0;
    this.bytes = 0;
  }

  private call(operation: string, options: WaitOptions = {}, looks: boolean): Promise<Packet> {
    options.signal?.throwIfAborted();
    const entry: Entry = {
      looks,
      pending: new PendingCall<Packet>(operation, options, () => this.withdraw(entry)),
    };
    this.calls.push(entry);
    this.serve();
    return entry.pending.promise;
  }

  private serve(): void {
    const { calls, kept } = this;
    while (calls.length > 0 && kept.length > 0) {
      const { pending, looks } = calls.shift() as Entry;
      const arrival = looks ? kept[0] : this.pull();
      if (looks || !(arrival instanceof Error)) pending.resolve(arrival as Packet);
      else pending.reject(arrival);
    }
    this.onWaiting();
  }

  private pull(): Packet | Error {
    const arrival = this.drop();
    const { gap } = this;
    this.gap = 0;
    if (gap > 0) this.tell(gap);
    return arrival;
  }

  private drop(): Packet | Error {
    const arrival = this.kept.shift() as Packet | Error;
    this.bytes -= lengthOf(arrival);
    return arrival;
  }

  private tell(count: number): void {
    try {
      this.onMissed?.(count);
    } catch (error) {
      queueMicrotask(() => {
        throw error; // uncaught, so that it costs no datagram
      });
    }
  }

  private withdraw(entry: Entry): void {
    const index = this.calls.indexOf(entry);
    if (index >= 0) this.calls.splice(index, 1);
    this.onWaiting();
  }
}

const lengthOf = (arrival: Packet | Error): number => (arrival instanceof Error ? 0 : arrival.bytes.length);
