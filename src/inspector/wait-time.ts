import type { ObjectView } from "./snapshot-model.js";

/** Mean seconds of the sleeps at an object that ended between two looks; undefined when none did. */
export function waitTime(before: ObjectView | undefined, now: ObjectView): number | undefined {
  if (!before) return undefined;
  const known = new Map(before.attached.map((one) => [one.thread, one]));
  let sleeps = 0;
  let seconds = 0;
  for (const one of now.attached) {
    const then = known.get(one.thread);
    if (!then) continue;
    sleeps += (one.sleeps - then.sleeps) >>> 0;
    seconds += Math.max(0, one.blockedSeconds - then.blockedSeconds);
  }
  return sleeps > 0 ? seconds / sleeps : undefined;
}
