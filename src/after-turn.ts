/** Runs a function once timers and I/O had their turn. The browser build has another one in its place. */
export const afterTurn: (run: () => void) => void = setImmediate;
