import { addon } from "#src/native/addon.js";

const LONG_MS = 40;
const FOR_EVER_MS = 1e7;

/** From now on no wait of this thread ends by looking again after a while: what is not woken hangs. */
export function withoutRechecks(): () => void {
  const { futexWait } = addon();
  const { setTimeout } = globalThis;
  addon().futexWait = (buffer, offset, expected, timeout) =>
    futexWait(buffer, offset, expected, timeout >= LONG_MS ? FOR_EVER_MS : timeout);
  globalThis.setTimeout = ((work: () => void, ms = 0, ...more: []) =>
    setTimeout(work, ms >= LONG_MS ? FOR_EVER_MS : ms, ...more)) as typeof setTimeout;
  return () => {
    addon().futexWait = futexWait;
    globalThis.setTimeout = setTimeout;
  };
}
