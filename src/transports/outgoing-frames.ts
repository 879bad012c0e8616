import type { Framing } from "./framing.js";
import type { Outgoing } from "./link.js";

/** Messages that go out together are copied into blocks of so many bytes. */
const BLOCK_BYTES = 256 * 1024;
/** A frame that is longer has memory of its own. */
const LARGE_BYTES = 128 * 1024;

/** And so has one that will wait. */
const LONG_BYTES = 4096;

/** A block that nobody uses: what the system has taken at once leaves it to the next. */
let spare: Buffer | undefined;

/** Messages that go out over a stream, each copied once: into its frame. */
export class OutgoingFrames implements Outgoing {
  bytes = 0;
  private readonly whole: Uint8Array[] = [];
  private block: Buffer | undefined;
  /** What is in the block begins and ends there. */
  private start = 0;
  private end = 0;

  constructor(
    private readonly framing: Framing,
    /** They go at once, if the system takes them. */
    private readonly isNext: boolean,
  ) {}

  add(message: Uint8Array): void {
    const { framing } = this;
    const room = framing.room(message.length);
    this.bytes += room;
    if (room > (this.isNext ? LARGE_BYTES : LONG_BYTES)) {
      const own = Buffer.allocUnsafeSlow(room);
      framing.put(message, own, 0);
      this.cut();
      this.whole.push(own);
      return;
    }
    if (!this.block || this.end + room > BLOCK_BYTES) {
      this.cut();
      this.block = spare ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.start = 0;
      this.end = 0;
      spare = undefined;
    }
    this.end = framing.put(message, this.block, this.end);
  }

  frames(): readonly Uint8Array[] {
    this.cut();
    return this.whole;
  }

  leave(): void {
    spare = this.block;
  }

  keep(): readonly Uint8Array[] {
    const { block } = this;
    const from = this.start;
    this.cut();
    if (block === undefined || this.end === from) return this.whole;
    this.whole[this.whole.length - 1] = Buffer.from(block.subarray(from, this.end));
    if (from === 0) spare = block;
    return this.whole;
  }

  private cut(): void {
    if (this.block && this.end > this.start) this.whole.push(this.block.subarray(this.start, this.end));
    this.start = this.end;
  }
}
