// Tasks for `interproc map`: one that gives, throws or dies by its line, and one for numbers.
import { task } from "interproc";

export const upperCase = task(import.meta, function upperCase(line: string) {
  if (line === "bad") throw new Error("it is bad");
  if (line === "die") process.kill(process.pid, "SIGKILL");
  return { line: line.toUpperCase() };
});

export const double = task(import.meta, function double(number: number) {
  return number * 2;
});
