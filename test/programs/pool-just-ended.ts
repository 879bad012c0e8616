// Tasks for pools: one that does not listen to its signal and ends once it may, and one behind it.
import { type SharedEvent, type SharedValue, task } from "interproc";

let began: SharedValue<"i32"> | undefined;
let mayEnd: SharedEvent | undefined;
let mayEndNext: SharedEvent | undefined;

/** Says which calls have begun, 1 and then 2, and is told when they may end. */
export const takeGates = task(
  import.meta,
  function takeGates(count: SharedValue<"i32">, first: SharedEvent, second: SharedEvent) {
    began = count;
    mayEnd = first;
    mayEndNext = second;
  },
);

export const endWhenTold = task(import.meta, function endWhenTold() {
  began?.add(1);
  mayEnd?.waitSync();
});

export const comeNext = task(import.meta, function comeNext() {
  began?.add(1);
  mayEndNext?.waitSync();
  return "undisturbed";
});
