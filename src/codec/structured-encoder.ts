import { CodecError, UsageError } from "../errors.js";
import { doesNotFit } from "./byte-writer.js";
import { type DecodeLimits, defaultLimits } from "./structured.layout.js";
import { ValueWriter } from "./value-writer.js";

/** An overflow of the stack this deep in a value is the value's; before, it is that of a getter. */
const DEEP = 64;

/**
 * Turns values into messages of the format `"structured"` (`docs/formats/structured.md`): all that structured clone
 * takes, instances of registered classes, and handles. Each message stands for itself; what an encoder keeps from one to
 * the next only makes it faster. What cannot be sent is a CodecError that says what it is and where.
 *
 * One encoder encodes one value at a time: a getter that uses the encoder that reads it gets a UsageError. After
 * any error the encoder is as before.
 */
export class StructuredEncoder {
  /** Shared objects and connection ends met in the last encode, in order of their index in the message. */
  readonly handles: object[];

  private readonly writer: ValueWriter;
  private isBusy = false;

  /** `limits` are those of the decoder that will read; what is beyond them is refused here already. */
  constructor(limits: Partial<DecodeLimits> = {}) {
    this.writer = new ValueWriter({ ...defaultLimits, ...limits });
    this.handles = this.writer.handles;
  }

  /**
   * Writes value at target[offset…limit); returns the end offset, or -1 when it does not fit. Then nothing counts as
   * written, though bytes between offset and limit may have changed. Waits for nothing; getters run.
   *
   * @throws CodecError for what cannot be sent, UsageError when called by a getter of the value, and what getters throw.
   */
  encodeInto(value: unknown, target: Uint8Array, offset: number, limit: number): number {
    if (!(offset >= 0 && offset <= limit && limit <= target.length))
      throw new UsageError(`encodeInto: ${offset} to ${limit} is not within the target's ${target.length} bytes`);
    this.begin();
    const { writer } = this;
    try {
      writer.aimAt(target, offset, limit);
      return writer.message(value);
    } catch (error) {
      this.handles.length = 0;
      if (error === doesNotFit) return -1;
      throw asCodecError(error, writer);
    } finally {
      this.finish();
    }
  }

  /**
   * Encodes into own scratch memory that grows; the returned view is valid until the next call.
   *
   * @throws as {@link encodeInto}
   */
  encode(value: unknown): Uint8Array {
    this.begin();
    const { writer } = this;
    try {
      writer.aimAtScratch();
      const end = writer.message(value);
      return writer.target.subarray(0, end);
    } catch (error) {
      this.handles.length = 0;
      throw asCodecError(error, writer);
    } finally {
      this.finish();
    }
  }

  private begin(): void {
    if (this.isBusy)
      throw new UsageError("encode: a getter or getState of the value that is being encoded used the same encoder");
    this.isBusy = true;
    if (this.handles.length > 0) this.handles.length = 0;
  }

  private finish(): void {
    this.writer.clear();
    this.isBusy = false;
  }
}

/** The stack overflows only under a limit that was raised, or on a thread with little of it. */
function asCodecError(error: unknown, writer: ValueWriter): unknown {
  const { depth } = writer;
  if (!(error instanceof RangeError) || depth < DEEP || !/call stack/.test(error.message)) return error;
  return new CodecError(
    `encode: objects ${depth.toLocaleString("en")} deep in each other are too deep for this thread's stack`,
    {
      cause: error,
    },
  );
}
