/** As much of a MessagePort as is used; outside of pages one keeps the program alive, and is to do so only while somebody waits. */
interface Port {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
  ref?(): void;
  unref?(): void;
}

let waiting: (() => void)[] = [];
const { port1, port2 } = new MessageChannel() as unknown as { port1: Port; port2: Port };

port1.onmessage = () => {
  const due = waiting;
  waiting = [];
  port1.unref?.();
  for (const run of due) run();
};
port1.unref?.();

/** Runs a function once timers and I/O had their turn. A timer would not do: in a page that is not seen it waits a second. */
export function afterTurn(run: () => void): void {
  if (waiting.push(run) > 1) return;
  port1.ref?.();
  port2.postMessage(undefined);
}
