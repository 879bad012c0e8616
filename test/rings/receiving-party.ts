import type { MessageReader } from "#src/rings/message-reader.js";
import type { RingPlace } from "#src/rings/record-ring.js";
import type { AccessGate } from "./access-gate.js";
import type { Mail } from "./mail.js";
import type { RingClasses } from "./ring-classes.js";
import type { RingMemory } from "./ring-memory.js";

const MAX_MESSAGE = 64 * 1024;

/** Whoever holds the reading end: notes the numbers of the messages in the order in which they come. */
export class ReceivingParty {
  readonly received: number[] = [];
  readonly reader: MessageReader;
  private readonly place: RingPlace;

  constructor(
    rings: RingClasses,
    memory: RingMemory,
    private readonly mail: Mail,
    gate?: AccessGate,
    /** Who hands the end over, with what it had taken in of a message in pieces. */
    former?: ReceivingParty,
  ) {
    const partial = former?.reader.partial();
    this.place = memory.place(gate);
    this.reader = new rings.MessageReader(this.place, MAX_MESSAGE);
    if (partial) this.reader.resume({ ...partial, bytes: Uint8Array.from(partial.bytes) });
  }

  /** Takes one message; false when no whole one is there. */
  take(): boolean {
    if (!this.reader.next()) return false;
    this.received.push(this.mail.recognise(this.reader, this.place.bytes));
    this.reader.finish();
    return true;
  }

  /** Takes up to `most` messages and gives their place back together; gives their number. */
  takeTogether(most: number): number {
    const { reader } = this;
    let taken = 0;
    for (; taken < most && reader.next(); taken++) {
      this.received.push(this.mail.recognise(reader, this.place.bytes));
      reader.skip();
    }
    if (taken > 0) reader.ring.release();
    return taken;
  }

  /** Takes whatever is there. */
  drain(): number[] {
    const before = this.received.length;
    while (this.take()) if (this.received.length > 1000) throw new Error("messages come without end");
    return this.received.slice(before);
  }
}
