import { PythonSlice } from "../codec/pickle/python-slice.js";
import { raise } from "./raise.js";

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value);

/** The place of one element, counted from the end below 0. @throws PythonError (IndexError, TypeError) */
export function placeOf(index: unknown, length: number): number {
  if (!isIndex(index)) throw raise("TypeError", "list indices must be integers or slices");
  const place = index < 0 ? index + length : index;
  if (place < 0 || place >= length) throw raise("IndexError", "list index out of range");
  return place;
}

/** The places that a slice names, in its order, as Python counts them. @throws PythonError (TypeError, ValueError) */
export function placesOf(slice: PythonSlice, length: number): number[] {
  const step = slice.step ?? 1;
  if (!isIndex(step)) throw raise("TypeError", "slice indices must be integers or None");
  if (step === 0) throw raise("ValueError", "slice step cannot be zero");
  const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
  const bound = (value: unknown, otherwise: number): number => {
    if (value === null || value === undefined) return otherwise;
    if (!isIndex(value)) throw raise("TypeError", "slice indices must be integers or None");
    return Math.min(most, Math.max(least, value < 0 ? value + length : value));
  };
  const start = bound(slice.start, step > 0 ? 0 : length - 1);
  const stop = bound(slice.stop, step > 0 ? length : -1);
  const places: number[] = [];
  for (let at = start; step > 0 ? at < stop : at > stop; at += step) places.push(at);
  return places;
}

export const isSlice = (value: unknown): value is PythonSlice => value instanceof PythonSlice;
