/**
 * A process that only serves its parent does not end at the signals that a terminal, a service manager or a process manager
 * sends to all processes of a program at once: the parent decides what is still to be done, and this one dies with it. A
 * handler of the user's own is called as ever.
 */
export function leaveSignalsToParent(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
}
