import type { MessageHeaders } from "../async-queue.js";
import type { Bounds } from "../brokers/bounds.js";
import type { Incoming, Settlement, SubscriptionDriver } from "../brokers/broker.js";
import { ProtocolError, SystemError } from "../errors.js";
import type { PageSocket } from "./page-link.js";

/** What nobody has taken yet is kept up to either; beyond, the oldest are missed. */
const MOST_WAITING = 10_000;
const MOST_WAITING_BYTES = 16 * 2 ** 20;
const NORMAL = [1000, 1001];
const HEAD_BYTES = 4;

interface Head {
  readonly key: string;
  readonly contentType: string;
  readonly id?: string;
  readonly headers: MessageHeaders;
  /** As the gateway counts them, from the beginning of the subscription. */
  readonly missed: number;
}

/** How a page's WebSocket ends. */
export interface PageClose {
  readonly code: number;
  readonly reason: string;
}

/** A gateway's WebSocket as a subscription. A page cannot be asked to wait: it keeps so much, and counts what it misses. */
export class PageSubscription implements SubscriptionDriver {
  private waiting: Incoming[] = [];
  private bytes = 0;
  private missedThere = 0;
  private missedHere = 0;
  private end: PageClose | undefined;
  private readonly takers: (() => void)[] = [];

  constructor(
    private readonly socket: PageSocket,
    private readonly label: string,
  ) {}

  get missed(): number {
    return this.missedThere + this.missedHere;
  }

  /** A binary message of the socket. */
  add(frame: Uint8Array): void {
    const length = frame.length < HEAD_BYTES ? 0 : new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
    const { missed, ...head } = JSON.parse(
      new TextDecoder().decode(frame.subarray(HEAD_BYTES, HEAD_BYTES + length)),
    ) as Head;
    this.missedThere = missed;
    const body = frame.subarray(HEAD_BYTES + length);
    this.waiting.push({ ...head, id: head.id, body, deliveries: 1, redelivered: false, token: undefined });
    this.bytes += body.length;
    while (this.waiting.length > 1 && (this.waiting.length > MOST_WAITING || this.bytes > MOST_WAITING_BYTES)) {
      this.bytes -= this.waiting.shift()?.body.length ?? 0;
      this.missedHere++;
    }
    this.takers.shift()?.();
  }

  ended(close: PageClose): void {
    this.end ??= close;
    for (const told of this.takers.splice(0)) told();
  }

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[] | undefined> {
    while (this.waiting.length === 0) {
      if (this.end) return this.over(this.end);
      if (!isWaiting) return [];
      await new Promise<void>((resolve) => {
        this.takers.push(resolve);
        bounds.onGiveUp = () => {
          const at = this.takers.indexOf(resolve);
          if (at >= 0) this.takers.splice(at, 1);
          resolve();
        };
      });
      bounds.throwIfGivenUp();
    }
    const taken = this.waiting.splice(0, max);
    for (const { body } of taken) this.bytes -= body.length;
    return taken;
  }

  async settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    if (how !== "return") return;
    this.waiting = [...messages, ...this.waiting];
    for (const { body } of messages) this.bytes += body.length;
    this.takers.shift()?.();
  }

  async close(): Promise<void> {
    this.socket.close(1000);
  }

  unsubscribe(): Promise<void> {
    return this.close();
  }

  /** A page has nothing that a connection could keep alive. */
  hold(): void {}

  private over({ code, reason }: PageClose): undefined {
    if (NORMAL.includes(code)) return undefined;
    if (code === 1011) throw new ProtocolError(`${this.label}: the gateway has ended it: ${reason}`);
    throw new SystemError(`${this.label}: the connection to the gateway was lost (${code})`, { errno: "ECONNRESET" });
  }
}
