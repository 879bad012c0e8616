/** What the user of `top` has chosen to see. */
export interface TopView {
  sort: string;
  isReversed: boolean;
  /** Part of a type or name. */
  filter: string;
  /** The first line that is shown. */
  from: number;
  /** Keys go into the filter. */
  isTyping: boolean;
  isPaused: boolean;
}

/** By what objects can be sorted. */
export const SORTS: readonly string[] = ["depth", "in", "out", "waiters", "size", "age", "name", "type"];
