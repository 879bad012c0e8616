import { CodecError, UsageError } from "../errors.js";
import { type DecodeLimits, defaultLimits } from "./structured.layout.js";
import { ValueReader } from "./value-reader.js";

/**
 * Turns messages of the format `"structured"` back into values. The bytes may come from anyone, and may change while
 * they are read: every failure is a CodecError, nothing outside the message is read, memory and time stay in proportion
 * to the message's length, no prototype is touched, and no code runs that a message could name; what runs are the
 * `setState` functions of registered classes.
 */
export class StructuredDecoder {
  private readonly limits: DecodeLimits;
  private readonly reader: ValueReader;
  private isBusy = false;

  constructor(limits: Partial<DecodeLimits> = {}) {
    this.limits = { ...defaultLimits, ...limits };
    this.reader = new ValueReader(this.limits);
  }

  /**
   * Decodes one value from bytes[start…end); trailing bytes are a CodecError. `take(i)` supplies the object for handle
   * i, and is asked once for each, in order. Never keeps a reference into `bytes`: binary data is copied out.
   *
   * @throws CodecError for bytes that are no message within the limits, and for classes that are not registered here;
   * what `take` throws; UsageError when start…end is not within `bytes`.
   */
  decode(bytes: Uint8Array, start: number, end: number, take?: (index: number) => object): unknown {
    if (!(start >= 0 && start <= end && end <= bytes.length))
      throw new UsageError(`decode: ${start} to ${end} is not within the ${bytes.length} bytes`);
    // take and setState may decode something else meanwhile
    if (this.isBusy) return new StructuredDecoder(this.limits).decode(bytes, start, end, take);
    const { reader } = this;
    this.isBusy = true;
    try {
      return reader.message(bytes, start, end, take);
    } catch (error) {
      if (error === reader.thrownByTake?.error || error instanceof CodecError) throw error;
      throw reader.broken(error instanceof RangeError ? "too large or too deep for this process" : "failed", error);
    } finally {
      reader.clear();
      this.isBusy = false;
    }
  }
}
