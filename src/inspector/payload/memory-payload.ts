import { ELEMENT_KINDS } from "../../primitives/memory/values.layout.js";
import { ELEMENT_BYTES } from "../element-bytes.js";
import { elementOf } from "../element-of.js";
import { Damaged, type ObjectFile } from "../object-file.js";
import type { Payload } from "./payload.js";

const ROW_BYTES = 16;
const ROW_ELEMENTS = 8;
const MOST_ROWS = 16;

/** The first elements of a shared array, a few in a row. */
export function arrayPayload(file: ObjectFile): Payload {
  const kind = Object.entries(ELEMENT_KINDS).find(([, number]) => number === file.detail)?.[0];
  if (kind === undefined) throw new Damaged(`its kind of element is ${file.detail}`);
  const size = ELEMENT_BYTES[kind as keyof typeof ELEMENT_KINDS];
  const total = Math.floor(Math.min(file.size, file.dataBytes) / size);
  const shown = Math.min(total, MOST_ROWS * ROW_ELEMENTS);
  const bytes = file.fresh(file.dataOffset, shown * size);
  const entries = Array.from({ length: Math.ceil(shown / ROW_ELEMENTS) }, (_, row) => {
    const from = row * ROW_ELEMENTS;
    const count = Math.min(ROW_ELEMENTS, shown - from);
    const values = Array.from({ length: count }, (_, index) =>
      String(elementOf(kind as keyof typeof ELEMENT_KINDS, bytes, (from + index) * size)),
    );
    return { label: `[${from}]`, bytes: count * size, text: values.join(", ") };
  });
  return { what: "Its first elements.", entries, hasMore: total > shown };
}

/** The first bytes of a block of shared memory. */
export function memoryPayload(file: ObjectFile): Payload {
  const total = Math.min(file.size, file.dataBytes);
  const bytes = file.fresh(file.dataOffset, Math.min(total, MOST_ROWS * ROW_BYTES));
  const entries = Array.from({ length: Math.ceil(bytes.length / ROW_BYTES) }, (_, row) => {
    const part = bytes.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES);
    return { label: `0x${(row * ROW_BYTES).toString(16).padStart(4, "0")}`, bytes: part.length, text: hexRow(part) };
  });
  return { what: "Its first bytes.", entries, hasMore: total > bytes.length };
}

function hexRow(bytes: Buffer): string {
  const digits = bytes.toString("hex").replace(/(..)(?!$)/g, "$1 ");
  const letters = bytes.toString("latin1").replace(/[^ -~]/g, ".");
  return `${digits.padEnd(ROW_BYTES * 3 - 1)}  ${letters}`;
}
