// Waits for an event, after it has said that it is there, and gives whether it came.
import { type SharedEvent, type SharedValue, TimeoutError, task } from "interproc";

export const awaitEvent = task(
  import.meta,
  async function awaitEvent(event: SharedEvent, here: SharedValue<"i32">, sync: boolean, timeout?: number) {
    here.add(1);
    try {
      sync ? event.waitSync({ timeout }) : await event.wait({ timeout });
      return true;
    } catch (error) {
      if (error instanceof TimeoutError) return false;
      throw error;
    }
  },
);
