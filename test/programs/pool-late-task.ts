// Makes a task only when it is asked, so that a worker that imports the module does not find it.
import { task } from "interproc";

export const makeLate = () =>
  task(import.meta, function late() {
    return "too late";
  });
