import { randomUUID } from "node:crypto";
import type { IMessage } from "@stomp/stompjs";
import type { Incoming } from "../broker.js";
import type { ActivemqLink } from "./activemq-link.js";
import { activemqIncoming } from "./activemq-message.js";

/**
 * One subscription with what came on it. Ending it is how messages are given back: the server then has all of them again,
 * where they stood, that were not acknowledged. So it ends once nothing is open on it but what goes back.
 */
export class ActivemqCourse {
  readonly id = randomUUID();
  /** Came, and nobody has asked for it yet. */
  readonly buffer: Incoming[] = [];
  /** Calls when something has come, or the connection has ended. */
  wake: () => void = () => undefined;
  isOver = false;
  private readonly open = new Set<IMessage>();
  private readonly returning = new Set<IMessage>();
  private isEnding = false;
  private ended: Promise<void> | undefined;

  constructor(
    readonly link: ActivemqLink,
    private readonly destination: string,
    private readonly prefetch: number,
  ) {
    link.onEnd(() => {
      this.isOver = true;
      this.buffer.length = 0;
      this.wake();
    });
  }

  begin(): Promise<void> {
    const headers = { ack: "client-individual", "activemq.prefetchSize": String(this.prefetch) };
    return this.link.subscribe(this.id, this.destination, headers, (message) => {
      if (this.isEnding) return;
      this.open.add(message);
      this.buffer.push(activemqIncoming(message, this));
      this.wake();
    });
  }

  /** Resolves once all that was ready at its call, and has room here, has come. */
  async caughtUp(): Promise<void> {
    const id = randomUUID();
    let seen = (): void => undefined;
    const end = new Promise<void>((resolve) => {
      seen = resolve;
      this.link.onEnd(resolve);
    });
    // a browser that wants nothing: its only message, the mark of the end, is sent after what was dispatched to consumers
    await this.link.subscribe(id, this.destination, { browser: "true", selector: "1=0", ack: "auto" }, () => seen());
    await end;
    await this.link.unsubscribe(id);
  }

  /** Takes no more; what nobody has asked for goes back. */
  async end(): Promise<void> {
    this.isEnding = true;
    for (const { token } of this.buffer.splice(0)) this.returning.add((token as { message: IMessage }).message);
    await this.endIfIdle();
  }

  /** Whether giving a message back means to end the subscription. */
  get givesBack(): boolean {
    return this.isEnding;
  }

  /** A message goes back when the subscription ends. */
  async giveBack(message: IMessage): Promise<void> {
    this.returning.add(message);
    await this.endIfIdle();
  }

  /**
   * A message goes, by what `how` sends. If it is the last, the end is sent right behind that: the server should not
   * have the time to send the next one, which would go back.
   */
  async finish(message: IMessage, how: () => Promise<void>): Promise<void> {
    const going = how();
    this.open.delete(message);
    const ending = this.endIfIdle();
    await going;
    await ending;
  }

  private async endIfIdle(): Promise<void> {
    if (!this.isEnding || this.isOver) return;
    for (const message of this.open) if (!this.returning.has(message)) return;
    this.ended ??= this.link.unsubscribe(this.id);
    // where the connection ends first, the server has them back too
    await this.ended.catch(() => undefined);
  }
}
