// Says whether it is the program that was started; its child, which imports it, says it too.
import { isMain, spawn, task } from "interproc";

const isStarted = isMain(import.meta);

export const askChild = task(import.meta, function askChild() {
  return isStarted;
});

if (isMain(import.meta)) console.log(isStarted, await spawn(askChild).result());
