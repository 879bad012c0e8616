// Registers its task only where it is the program that was started, so that a child does not find it.
import { isMain, spawn, task } from "interproc";

if (isMain(import.meta)) {
  const work = task(import.meta, async function work() {
    return "done";
  });
  const failure = await spawn(work, [], { stdio: "ignore" })
    .result()
    .catch((error: Error) => error);
  console.log(failure instanceof Error ? failure.message : failure);
}
