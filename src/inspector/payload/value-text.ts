import { ByteReader } from "../../codec/byte-reader.js";
import { IncomingBuffers } from "../../codec/incoming-buffers.js";
import { shapeDefinedBy } from "../../codec/shape-cache.js";
import { errorFields, errorKinds, FLAGS, FORMAT_VERSION, TAG, viewKinds } from "../../codec/structured.layout.js";
import { readHex, readLatin1, readUtf16 } from "../../codec/text.js";
import { quoted } from "./quoted.js";

const MOST_DEPTH = 64;
const MOST_CHARACTERS = 2000;
const MOST_ELEMENTS = 24;
const MOST_BIGINT_BYTES = 64;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** So much was wanted, or so deep it went, that the rest is left out. */
class Enough extends Error {}

/**
 * Writes down what a message of the format `"structured"` says, without making any of it: no object of a class, no
 * regular expression, no shared object comes of it, and no code runs that a message could name. The bytes may be anybody's,
 * and may end before the message does: what can be read is written, and then why no more. Time and memory stay in
 * proportion to the bytes that are given.
 */
export class ValueText extends ByteReader {
  private readonly parts: string[] = [];
  private characters = 0;
  private depth = 0;
  private readonly shapes: (readonly string[])[] = [];
  private readonly classes: string[] = [];
  private buffers: IncomingBuffers | undefined;
  private hasBuffers = false;

  private constructor(private readonly isCut: boolean) {
    super();
  }

  /** `isCut`: the message goes on behind the bytes. */
  static of(bytes: Uint8Array, isCut: boolean): string {
    const text = new ValueText(isCut);
    text.readFrom(bytes, 0, bytes.length);
    try {
      text.message();
    } catch (error) {
      if (error instanceof Enough || (isCut && text.isAtEnd(error))) text.parts.push(" …");
      else text.parts.push(` … no more can be read: ${(error as Error).message}`);
    }
    return text.parts.join("").trim();
  }

  private isAtEnd(error: unknown): boolean {
    return error instanceof Error && error.message.startsWith("decode: the message ends too early");
  }

  private message(): void {
    const header = this.byte();
    if (header >> 4 !== FORMAT_VERSION) throw this.broken(`format version ${header >> 4}, not ${FORMAT_VERSION}`);
    this.hasBuffers = (header & FLAGS.buffers) !== 0;
    if (this.hasBuffers && !this.isCut) this.buffers = new IncomingBuffers(this);
    this.value();
    if (this.position < this.end && !this.isCut) throw this.broken(`${this.end - this.position} bytes are left over`);
  }

  private say(text: string): void {
    this.parts.push(text);
    this.characters += text.length;
    if (this.characters > MOST_CHARACTERS) throw new Enough();
  }

  private value(): void {
    const tag = this.byte();
    if (tag < TAG.shortLatin1) return this.say(String(tag));
    if (tag < TAG.shortArray) return this.string(tag - TAG.shortLatin1, false);
    if (tag < TAG.shortShaped) return this.array(tag - TAG.shortArray, false);
    if (tag < TAG.undefined) return this.shaped(tag - TAG.shortShaped);
    switch (tag) {
      case TAG.undefined:
        return this.say("undefined");
      case TAG.null:
        return this.say("null");
      case TAG.false:
        return this.say("false");
      case TAG.true:
        return this.say("true");
      case TAG.uint8:
        return this.say(String(this.byte()));
      case TAG.negative8:
        return this.say(String(-1 - this.byte()));
      case TAG.uint16:
        return this.say(String(this.uint16()));
      case TAG.int32:
        return this.say(String(this.int32()));
      case TAG.float64:
        return this.number(this.float64());
      case TAG.bigint64:
        return this.say(`${this.bigint64()}n`);
      case TAG.bigint:
        return this.bigint();
      case TAG.latin1:
        return this.string(this.varint(), false);
      case TAG.utf16:
        return this.wide();
      case TAG.array:
        return this.array(this.varint(), false);
      case TAG.arrayWithProperties:
        return this.array(this.varint(), true);
      case TAG.shape:
        return this.shaped(this.define());
      case TAG.shaped:
        return this.shaped(this.varint());
      default:
        return this.nested(tag);
    }
  }

  /** What other values may lie in. */
  private nested(tag: number): void {
    this.open();
    switch (tag) {
      case TAG.object:
        this.say("{ ");
        this.pairs(true);
        this.say(" }");
        break;
      case TAG.reference:
        this.say(`[the same as object ${this.varint()}]`);
        break;
      case TAG.date:
        this.date(this.float64());
        break;
      case TAG.regexp:
        this.say("RegExp(");
        this.list(2);
        this.say(")");
        break;
      case TAG.map:
        this.map(this.varint());
        break;
      case TAG.set:
        this.set(this.varint());
        break;
      case TAG.boxed:
        this.say("Object(");
        this.value();
        this.say(")");
        break;
      case TAG.error:
        this.error();
        break;
      case TAG.arrayBuffer:
        this.binary("ArrayBuffer", this.varint(), 0, undefined);
        break;
      case TAG.view: {
        const kind = viewKinds[this.byte()];
        if (kind === undefined) throw this.broken("an unknown kind of view");
        this.binary(kind, this.varint(), this.varint(), this.varint());
        break;
      }
      case TAG.instance:
        this.instance();
        break;
      case TAG.handle:
        this.say(`[shared object or connection end ${this.varint()}]`);
        break;
      default:
        throw this.broken(`tag ${tag} where a value belongs`);
    }
    this.depth--;
  }

  /** One more value lies in another. */
  private open(): void {
    if (++this.depth > MOST_DEPTH) throw new Enough();
  }

  private number(value: number): void {
    this.say(Object.is(value, -0) ? "-0" : String(value));
  }

  private bigint(): void {
    const sign = this.byte() === 1 ? "-" : "";
    const length = this.varint();
    const shown = Math.min(length, MOST_BIGINT_BYTES);
    const at = this.skip(length);
    const digits = readHex(this.bytes, at, at + shown);
    this.say(length > shown ? `${sign}0x${digits}…n` : `${sign}${length === 0 ? 0 : BigInt(`0x${digits}`)}n`);
  }

  /** A string of so many characters; of one that is cut off, those that are there. */
  private string(length: number, isKey: boolean): void {
    const there = Math.min(length, this.end - this.position);
    const at = this.skip(there);
    this.text(readLatin1(this.bytes, at, Math.min(there, MOST_CHARACTERS)), length, isKey);
    if (there < length) throw this.truncated();
  }

  private wide(isKey = false): void {
    const length = this.varint();
    if (((this.position - this.start) & 1) === 1) this.skip(1);
    const there = Math.min(length, (this.end - this.position) >> 1);
    const at = this.skip(there * 2);
    this.text(readUtf16(this.bytes, at, at + Math.min(there, MOST_CHARACTERS) * 2), length, isKey);
    if (there < length) throw this.truncated();
  }

  private text(text: string, length: number, isKey: boolean): void {
    this.say(isKey && IDENTIFIER.test(text) && text.length === length ? text : quoted(text, length));
  }

  private key(): void {
    const tag = this.byte();
    if (tag >= TAG.shortLatin1 && tag < TAG.shortArray) return this.string(tag - TAG.shortLatin1, true);
    if (tag === TAG.latin1) return this.string(this.varint(), true);
    if (tag === TAG.utf16) return this.wide(true);
    throw this.broken(`tag ${tag} where a string belongs`);
  }

  private date(time: number): void {
    const date = new Date(time);
    this.say(`Date(${Number.isNaN(date.getTime()) ? "invalid" : date.toISOString()})`);
  }

  private list(count: number): void {
    for (let index = 0; index < count; index++) {
      if (index > 0) this.say(", ");
      this.value();
    }
  }

  private array(length: number, hasProperties: boolean): void {
    this.open();
    this.say("[");
    for (let index = 0; index < length; index++) {
      if (index > 0) this.say(", ");
      if (this.position < this.end && this.bytes[this.position] === TAG.holes) {
        this.position++;
        const run = this.varint();
        if (run === 0 || run > length - index) throw this.broken(`${run} holes where ${length - index} slots are left`);
        this.say(`<${run} empty>`);
        index += run - 1;
      } else this.value();
    }
    if (hasProperties) this.pairs(length === 0);
    this.say("]");
    this.depth--;
  }

  private pairs(isFirst: boolean): void {
    for (let before = isFirst ? 0 : 1; ; before++) {
      if (this.position >= this.end) throw this.truncated();
      if (this.bytes[this.position] === TAG.end) break;
      if (before > 0) this.say(", ");
      this.key();
      this.say(": ");
      this.value();
    }
    this.position++;
  }

  /** Reads a shape's keys; gives its number. */
  private define(): number {
    const count = this.varint();
    const length = this.varint();
    const at = this.skip(length);
    const shape = shapeDefinedBy(this.bytes.slice(at, at + length), count);
    if (shape === undefined) throw this.broken("a shape whose keys are not those that it announces");
    return this.shapes.push(shape.keys) - 1;
  }

  private shaped(number: number): void {
    const keys = this.shapes[number];
    if (keys === undefined) throw this.broken(`there is no shape ${number}`);
    if (keys.length === 0) return this.say("{}");
    this.open();
    keys.forEach((key, index) => {
      this.say(index === 0 ? "{ " : ", ");
      this.text(key, key.length, true);
      this.say(": ");
      this.value();
    });
    this.say(" }");
    this.depth--;
  }

  private map(count: number): void {
    this.say(`Map(${count}) {`);
    for (let index = 0; index < count; index++) {
      this.say(index === 0 ? " " : ", ");
      this.value();
      this.say(" => ");
      this.value();
    }
    this.say(" }");
  }

  private set(count: number): void {
    this.say(`Set(${count}) {`);
    for (let index = 0; index < count; index++) {
      this.say(index === 0 ? " " : ", ");
      this.value();
    }
    this.say(" }");
  }

  private error(): void {
    const kind = errorKinds[this.byte()];
    const bits = this.byte();
    if (kind === undefined || bits >> errorFields.length !== 0) throw this.broken("an unknown kind of error");
    this.say(`${kind} {`);
    const fields = errorFields.filter((_, bit) => (bits & (1 << bit)) !== 0);
    fields.forEach((field, index) => {
      this.say(`${index === 0 ? " " : ", "}${field}: `);
      this.value();
    });
    this.say(" }");
  }

  private instance(): void {
    const number = this.varint();
    if (number > this.classes.length) throw this.broken(`there is no class ${number}`);
    if (number === this.classes.length) {
      const from = this.parts.length;
      this.key();
      this.classes.push(this.parts.slice(from).join(""));
    } else this.say(this.classes[number]);
    this.say(" ");
    this.value();
  }

  private binary(kind: string, number: number, from: number, length: number | undefined): void {
    if (!this.hasBuffers) throw this.broken("a view in a message without buffers");
    const buffers = this.buffers; // of a message that was cut off they are not there
    const found = buffers?.get(number);
    this.say(`${kind}(${length ?? found?.buffer.byteLength ?? "?"})`);
    if (found === undefined) return;
    const View = (globalThis as unknown as Record<string, ViewConstructor | undefined>)[
      kind === "ArrayBuffer" || kind === "DataView" ? "Uint8Array" : kind
    ];
    const size = View?.BYTES_PER_ELEMENT ?? 1;
    const offset = from - (length === undefined ? 0 : found.base);
    const count = length ?? found.buffer.byteLength;
    if (offset < 0 || offset % size !== 0 || offset + count * size > found.buffer.byteLength)
      throw this.broken(`a ${kind} that is not within its buffer`);
    if (View === undefined) return;
    const shown = [...new View(found.buffer, offset, Math.min(count, MOST_ELEMENTS))].map(String);
    this.say(` [${shown.join(", ")}${count > MOST_ELEMENTS ? ", …" : ""}]`);
  }
}

interface ViewConstructor {
  new (buffer: ArrayBuffer, byteOffset: number, length: number): Iterable<number | bigint>;
  readonly BYTES_PER_ELEMENT: number;
}
