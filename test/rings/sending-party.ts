import type { MessageWriter } from "#src/rings/message-writer.js";
import type { AccessGate } from "./access-gate.js";
import type { Letter, Mail } from "./mail.js";
import type { RingClasses } from "./ring-classes.js";
import type { RingMemory } from "./ring-memory.js";

/** Whoever holds the writing end: sends messages in the order of the calls. */
export class SendingParty {
  readonly writer: MessageWriter;
  private readonly waiting: Letter[] = [];

  constructor(
    rings: RingClasses,
    private readonly memory: RingMemory,
    private readonly mail: Mail,
    gate?: AccessGate,
  ) {
    this.writer = new rings.MessageWriter(memory.place(gate));
  }

  /** Sends new messages as far as they fit; the rest waits for {@link goOn}. True when everything is in the ring. */
  send(...lengths: readonly number[]): boolean {
    return this.sendLetters(lengths.map((length) => this.mail.compose(length)));
  }

  sendLetters(letters: readonly Letter[]): boolean {
    this.waiting.push(...letters);
    return this.goOn();
  }

  goOn(): boolean {
    const { waiting, writer, mail, memory } = this;
    for (; waiting.length > 0; waiting.shift()) {
      if (!writer.push(waiting[0])) return false;
      mail.ends[waiting[0].number] = memory.tail;
    }
    return true;
  }

  /** Writes whole messages and shows as many as fit together; gives their number. */
  sendTogether(letters: readonly Letter[]): number {
    const { writer, mail, memory } = this;
    let staged = 0;
    for (; staged < letters.length; staged++) {
      const { bytes, flags } = letters[staged];
      const offset = writer.reserve(bytes.length);
      if (offset < 0) break;
      writer.fill(offset, bytes);
      writer.stage(bytes.length, flags);
    }
    if (staged > 0) writer.ring.publish();
    for (const { number } of letters.slice(0, staged)) mail.ends[number] = memory.tail;
    return staged;
  }

  get unsent(): number {
    return this.waiting.length;
  }

  /** Gives up what is not whole in the ring. */
  cancel(): void {
    this.waiting.length = 0;
  }
}
