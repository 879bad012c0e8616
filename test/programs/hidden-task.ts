// Exports nothing: its child finds the task by its name.
import { isMain, spawn, task } from "interproc";

const hidden = task(import.meta, async function hidden() {
  return "hidden";
});
if (isMain(import.meta)) console.log(await spawn(hidden).result());
