import type { AsyncConnection } from "../channel.js";
import type { Message } from "./calls.layout.js";

/** So many of the last messages are remembered, in case the other side cannot read one. */
const REMEMBERED = 8192;
const MOST_REFUSED = 1024;

/** Sends the messages of a session in their order, counts those that are not on their way yet, and knows the last ones. */
export class Outbox {
  /** Messages that wait for room in the connection. */
  unsent = 0;
  private count = 0;
  private readonly kinds = new Uint8Array(REMEMBERED);
  private readonly ids = new Float64Array(REMEMBERED);
  /** Numbers of messages that this side's codec refused: the other one has never counted them. */
  private readonly refused: number[] = [];
  private refusedBefore = 0;

  constructor(
    private readonly conn: Pick<AsyncConnection, "send">,
    private readonly onRoom: () => void,
  ) {}

  /** Sends a message, which is encoded at once. Resolves when it is on its way or was refused, and never rejects. */
  post(message: Message, onRefused: (error: unknown) => void): Promise<void> {
    const number = this.count++;
    this.kinds[number % REMEMBERED] = message[0];
    this.ids[number % REMEMBERED] = message[1];
    this.unsent++;
    return this.conn.send(message).then(this.wentOut, (error: unknown) => {
      this.forgetRefused(number);
      this.wentOut();
      onRefused(error);
    });
  }

  /** What the n-th message was that the other side has received; undefined when that is too long ago, or never was. */
  received(n: number): { readonly kind: number; readonly id: number } | undefined {
    let number = n + this.refusedBefore;
    for (const refused of this.refused) if (refused <= number) number++;
    if (number >= this.count || number < this.count - REMEMBERED) return undefined;
    return { kind: this.kinds[number % REMEMBERED], id: this.ids[number % REMEMBERED] };
  }

  private forgetRefused(number: number): void {
    this.refused.push(number);
    if (this.refused.length <= MOST_REFUSED) return;
    this.refused.shift();
    this.refusedBefore++;
  }

  private readonly wentOut = (): void => {
    this.unsent--;
    this.onRoom();
  };
}
