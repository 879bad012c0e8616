// Tasks for pools that leave a mark for each call that begins, so that it is known how often that was.
import { currentTask, type SharedEvent, type SharedValue, task } from "interproc";

/** Marks that it begins; the poison kills its worker, whatever is given as such. */
export const markAndDie = task(
  import.meta,
  function markAndDie(mark: SharedValue<"i32">, isPoison: boolean, deaths: number = Number.POSITIVE_INFINITY) {
    const before = mark.add(1);
    mark.close();
    if (isPoison && before < deaths) process.kill(process.pid, "SIGKILL");
    return before + 1;
  },
);

/** Marks that it begins, and ends by its signal only. */
export const untilAborted = task(
  import.meta,
  async function untilAborted(begun: SharedValue<"i32">, ended: SharedValue<"i32">) {
    const signal = currentTask()?.signal;
    begun.add(1);
    await new Promise((resolve) => signal?.addEventListener("abort", resolve));
    ended.add(1);
    begun.close();
    ended.close();
    return process.pid;
  },
);

/** Marks that it begins, and goes on for ever, without looking at anything. */
export const deaf = task(import.meta, function deaf(begun: SharedValue<"i32">) {
  begun.add(1);
  for (;;);
});

/** Marks that it begins, and ends once the gate is open; blocks its thread. */
export const blocking = task(import.meta, function blocking(begun: SharedValue<"i32">, gate: SharedEvent) {
  begun.add(1);
  gate.waitSync();
  begun.close();
  gate.close();
});

export const whatRuns = task(import.meta, async function whatRuns() {
  const current = currentTask();
  return [current?.name, current?.signal.aborted];
});
