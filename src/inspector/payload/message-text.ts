import { join } from "node:path";
import { FLIGHT } from "../../memory/directory.js";
import { HEADED, SPILLED } from "../../rings/item-store.layout.js";
import { FORMAT_MASK, FORMATS, HANDLES } from "../../rings/record-ring.layout.js";
import { Damaged, ObjectFile } from "../object-file.js";
import { bytesText } from "./bytes-text.js";
import { PAYLOAD_LIMITS, type PayloadEntry } from "./payload.js";
import { quoted } from "./quoted.js";
import { ValueText } from "./value-text.js";

/** Two words before a value with handles: its length, and 0. */
const PARCEL_BYTES = 8;
const WORD = 4;

/** A message as it lies in a ring or in blocks: its first bytes, and how many there are in all. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly flags: number;
}

/** What a message says. One that is too long for its queue is looked for in the folder of what the queue's messages name. */
export function messageText(message: Message, directory: string, carrier: string): Omit<PayloadEntry, "label"> {
  try {
    const whole = (message.flags & SPILLED) !== 0 ? spilled(message, join(directory, FLIGHT, carrier)) : message;
    return { bytes: whole.length, text: text(whole) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!(error instanceof Damaged) && code === undefined) throw error;
    return { bytes: message.length, text: `a long message that cannot be read: ${code ?? (error as Error).message}` };
  }
}

/** With what goes along: its length in a word, texts as JSON, and behind them the message. */
function text(message: Message): string {
  const { bytes, length, flags } = message;
  if ((flags & HEADED) === 0) return bodyText(message);
  const texts = bytes.length < WORD ? bytes.length : Buffer.from(bytes).readUInt32LE(0);
  const at = WORD + texts;
  if (at > bytes.length) return "a message behind more texts than are read of it";
  const along = quoted(Buffer.from(bytes.subarray(WORD, at)).toString());
  return `${bodyText({ bytes: bytes.subarray(at), length: length - at, flags })}, along with ${along}`;
}

function bodyText({ bytes, length, flags }: Message): string {
  const format = flags & FORMAT_MASK;
  if (format === FORMATS.bytes) return bytesText(bytes, length);
  if (format !== FORMATS.structured) return `of format ${format}, which this version does not read`;
  if ((flags & HANDLES) === 0) return ValueText.of(bytes, bytes.length < length);
  if (bytes.length < PARCEL_BYTES) return "a message with handles that is shorter than its prefix";
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32LE(0);
  const end = Math.min(bytes.length, PARCEL_BYTES + value);
  return ValueText.of(bytes.subarray(PARCEL_BYTES, end), end - PARCEL_BYTES < value);
}

function spilled({ bytes, flags }: Message, folder: string): Message {
  const link = Buffer.from(bytes).toString("latin1");
  if (!/^[0-9a-f]{1,64}$/.test(link)) throw new Damaged("it names no segment");
  using file = ObjectFile.open(join(folder, link));
  const length = Math.min(file.size, file.dataBytes);
  return {
    bytes: file.fresh(file.dataOffset, Math.min(length, PAYLOAD_LIMITS.bytes)),
    length,
    flags: flags & ~SPILLED,
  };
}
