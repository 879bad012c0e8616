// Takes the place of sync/loop-turn.js: how often a loop turns is no matter of memory.
export const turnIsDue = (): boolean => false;
export const nextTurn = (): Promise<void> => Promise.resolve();
