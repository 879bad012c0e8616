// Doubles every element of an array, in place.
import { type SharedArray, task } from "interproc";

export const doubleElements = task(import.meta, function doubleElements(array: SharedArray<"f64">): number {
  for (let index = 0; index < array.length; index++) array.update(index, (value) => value * 2);
  return array.length;
});
