/** How a field of a shared format is stored; `text:N` is UTF-8 in N bytes, ended by a NUL when it is shorter. */
export type FieldKind = "u32" | "f64" | `text:${number}`;

/** One row of a format table: how the field is stored and what it means. */
export type Field = readonly [kind: FieldKind, meaning: string];

/** A format: every offset in bytes and as a 32-bit word index, computed from the table and never typed. */
export interface Layout<Name extends string> {
  readonly title: string;
  readonly fields: Readonly<Record<Name, Field>>;
  /** Byte offset from the format's start. */
  readonly offset: Readonly<Record<Name, number>>;
  /** The same offset as a 32-bit word index. */
  readonly word: Readonly<Record<Name, number>>;
  /** Whole size in bytes, a multiple of 8. */
  readonly bytes: number;
}

function fieldBytes(kind: FieldKind): number {
  if (kind === "u32") return 4;
  if (kind === "f64") return 8;
  return Number(kind.slice("text:".length));
}

/**
 * Turns a table of fields into offsets: each field follows the one before, aligned to its own size (text to 4), and
 * the whole is padded to 8 bytes. Documentation (`docs/formats`) and the inspector are printed from the same table.
 */
export function layout<const Name extends string>(title: string, fields: Record<Name, Field>): Layout<Name> {
  const offset = {} as Record<Name, number>;
  const word = {} as Record<Name, number>;
  let at = 0;
  for (const name of Object.keys(fields) as Name[]) {
    const [kind] = fields[name];
    const bytes = fieldBytes(kind);
    const alignment = kind === "f64" ? 8 : 4;
    at = Math.ceil(at / alignment) * alignment;
    offset[name] = at;
    word[name] = at / 4;
    at += bytes;
  }
  return { title, fields, offset, word, bytes: Math.ceil(at / 8) * 8 };
}

/** Parts of a segment one behind the other, each at a multiple of 8 bytes. */
export class Parts {
  /** All of them so far. */
  bytes = 0;

  /** Adds a part and gives its word index. */
  add(bytes: number): number {
    const word = this.bytes / 4;
    this.bytes += Math.ceil(bytes / 8) * 8;
    return word;
  }
}
