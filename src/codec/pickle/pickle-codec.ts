import { CodecError, UsageError } from "../../errors.js";
import { knownGlobals } from "./known-globals.js";
import type { PickleEncoding } from "./old-scalars.js";
import { ownGlobals, type PickleGlobals } from "./own-globals.js";
import { PickleReader } from "./pickle-reader.js";
import { PickleWriter, type WriteObject } from "./pickle-writer.js";
import { errorWriters } from "./write-errors.js";
import { pythonValueWriters } from "./write-python-values.js";
import { timeWriters } from "./write-times.js";

/** What a pickle may name besides Python's own library, and how old strings are read. */
export interface PickleOptions {
  /** Classes, enumerations, functions and constants of Python's that may be named, besides those of its library. */
  globals?: PickleGlobals;
  /** What a Python 2 str becomes; `"ascii"`, where other bytes are refused, by default. */
  encoding?: PickleEncoding;
}

/** What belongs to one pickle and does not stand in it. */
export interface PickleDecodeOptions {
  /** What Python's `buffer_callback` got, in order: memory that stands beside a pickle of protocol 5. */
  buffers?: Iterable<Uint8Array>;
}

/** Values into pickles, and back; made by {@link pickleCodec}. It has what `codec` of a connection takes. */
export interface PickleCodec {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array, options?: PickleDecodeOptions): unknown;
}

/**
 * Python's pickle as data, both ways: reads protocols 0 to 5, and writes protocol 4, which every Python from 3.4 on reads.
 * A pickle can only name what is in a table here, or in `globals`: nothing in it can run other code. What each value
 * becomes, and what changes on the way there and back, is in docs/formats/pickle.md.
 *
 * The bytes may come from anyone: every failure is a CodecError that says at which byte; memory and time stay in
 * proportion to the pickle's length, and no prototype is touched. What follows the pickle's end is ignored, as Python
 * does. Neither side waits for anything; a codec may be used for any number of messages.
 *
 * @example
 * class Order { id = 0; }
 * const codec = pickleCodec({
 *   globals: {
 *     "shop.models.Order": { class: Order },
 *     "shop.models.Colour": { create: (value) => value },
 *   },
 * });
 * const order = codec.decode(bytesFromPython);
 *
 * @throws UsageError for a name in `globals` that is none, or an entry that says nothing.
 */
export function pickleCodec(options: PickleOptions = {}): PickleCodec {
  const { encoding = "ascii", globals = {} } = options;
  if (!["ascii", "latin1", "bytes"].includes(encoding))
    throw new UsageError(`pickleCodec: encoding ${JSON.stringify(encoding)}; allowed: "ascii", "latin1", "bytes"`);
  const own = ownGlobals(globals);
  const writers = new Map<object, WriteObject>([
    ...pythonValueWriters,
    ...timeWriters,
    ...errorWriters((key) => knownGlobals.has(key) || own.read.has(key)),
    ...own.writers,
  ]);
  // a user's functions may encode or decode something else meanwhile: then there are more than one
  const idleReaders: PickleReader[] = [];
  const idleWriters: PickleWriter[] = [];
  return {
    encode: (value) => {
      const writer = idleWriters.pop() ?? new PickleWriter(writers, own.constants);
      try {
        return writer.write(value);
      } catch (error) {
        if (error instanceof CodecError || !(error instanceof RangeError)) throw error;
        throw new CodecError(`encode: the value is too large for this process, at ${writer.path}`, { cause: error });
      } finally {
        writer.forget();
        idleWriters.push(writer);
      }
    },
    decode: (bytes, { buffers = [] } = {}) => {
      const reader = idleReaders.pop() ?? new PickleReader(own.read, encoding);
      try {
        return reader.read(bytes, [...buffers]);
      } finally {
        reader.forget();
        idleReaders.push(reader);
      }
    },
  };
}
