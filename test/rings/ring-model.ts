import { CAPACITY } from "./ring-memory.js";

const HEADER = 8;
const TOTAL = 8;
const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** The longest message that goes in one record. */
export const WHOLE = CAPACITY / 4 - HEADER;

interface Piece {
  readonly message: number;
  /** Bytes of the message that it brings. */
  readonly length: number;
  /** Bytes of the ring that it takes. */
  readonly space: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** What a ring with a writer and a reader is: an array of records, and what the two have in hand. */
export class RingModel {
  free = CAPACITY;
  private readonly records: Piece[] = [];
  /** The message that the writer is in the middle of: its number and the pieces that are not in the ring yet. */
  private rest: Piece[] = [];
  /** The message in pieces that the reader has in memory; it is whole once nothing is missing. */
  private partial: { message: number; missing: number } | undefined;
  private isFound = false;

  constructor(private readonly lengthOf: (message: number) => number) {}

  /** Whether a message of this length would go in at once. */
  fits(length: number): boolean {
    return piecesOf(0, length).reduce((sum, { space }) => sum + space, 0) <= this.free;
  }

  /** A new message is written as far as it fits; true when it is whole in the ring. */
  write(message: number): boolean {
    this.rest = piecesOf(message, this.lengthOf(message));
    return this.goOn();
  }

  goOn(): boolean {
    while (this.rest.length > 0 && this.rest[0].space <= this.free) this.add(this.rest.shift() as Piece);
    return this.rest.length === 0;
  }

  get isWriting(): boolean {
    return this.rest.length > 0;
  }

  cancel(): void {
    this.rest = [];
  }

  /** A record filled in place, which may be longer than other whole messages. */
  claim(message: number): boolean {
    const length = this.lengthOf(message);
    const space = HEADER + aligned(length);
    if (space > this.free) return false;
    this.add({ message, length, space, isFirst: true, isLast: true });
    return true;
  }

  /** The message that is found: it takes pieces in until one is whole. */
  next(): number | undefined {
    if (this.isFound) return this.partial?.message ?? this.records[0].message;
    for (;;) {
      const piece = this.records.at(0);
      if (piece === undefined) return undefined;
      if (piece.isFirst) this.partial = undefined;
      if (piece.isFirst && piece.isLast) break;
      this.partial ??= { message: piece.message, missing: this.lengthOf(piece.message) };
      this.partial.missing -= piece.length;
      this.drop();
      if (piece.isLast) break;
    }
    this.isFound = true;
    return this.next();
  }

  finish(): void {
    this.isFound = false;
    if (this.partial) this.partial = undefined;
    else this.drop();
  }

  /** The length of the next message as far as it is known. */
  get nextLength(): number {
    const found = this.next() ?? this.partial?.message;
    return found === undefined ? -1 : this.lengthOf(found);
  }

  /** What goes along when the reading end is handed over: the bytes of a message in pieces that came. */
  handOver(): number | undefined {
    this.next();
    if (this.partial) return this.lengthOf(this.partial.message) - this.partial.missing;
    this.isFound = false;
    return undefined;
  }

  /** Whether a reader that is killed takes nothing with it. */
  get hasNothingInMemory(): boolean {
    return this.partial === undefined && this.records.at(0)?.isFirst !== false;
  }

  /** The reader is another one, which has not looked yet. */
  readerIsNew(): void {
    this.isFound = false;
  }

  private add(piece: Piece): void {
    this.records.push(piece);
    this.free -= piece.space;
  }

  private drop(): void {
    this.free += this.records.shift()?.space ?? 0;
  }
}

function piecesOf(message: number, length: number): Piece[] {
  if (length <= WHOLE) return [{ message, length, space: HEADER + aligned(length), isFirst: true, isLast: true }];
  const pieces: Piece[] = [];
  for (let written = 0; written < length; ) {
    const prefix = written === 0 ? TOTAL : 0;
    const bytes = Math.min(WHOLE - prefix, length - written);
    const isLast = written + bytes === length;
    pieces.push({ message, length: bytes, space: HEADER + aligned(prefix + bytes), isFirst: written === 0, isLast });
    written += bytes;
  }
  return pieces;
}
