import { EntryStep, type Step } from "../refusal.js";

export type FrameKind = "properties" | "entries" | "elements" | "items" | "tuple" | "frozen" | "state";

/** One object on the way into a pickle: what lies in it, and how much of that is written. */
export class WrittenFrame {
  /** How many of the values are written or on their way. */
  index = 0;
  /** As many as there were when it was begun. */
  readonly count: number;
  /** What lies in it has to be hashable in Python. */
  readonly isKey: boolean;

  constructor(
    readonly kind: FrameKind,
    readonly values: readonly unknown[],
    readonly subject: object,
    isKey = false,
    /** The instruction behind a tuple that is the arguments of a call, or 0. */
    readonly after = 0,
  ) {
    this.count = values.length;
    this.isKey = isKey || kind === "frozen";
  }

  /** The way from the object to what is being written, for an error's text. */
  get step(): Step | undefined {
    const at = this.index - 1;
    if (at < 0) return undefined;
    if (this.kind === "properties") return this.values[at] as string;
    if (this.kind === "items") return at;
    if (this.kind === "entries")
      return new EntryStep(at % 2 === 0 ? "key" : "value", at >> 1, this.values[at - (at % 2)]);
    if (this.kind === "elements" || this.kind === "frozen") return new EntryStep("element", at, this.values[at]);
    if (this.kind === "tuple" && this.after === 0) return at;
    return undefined;
  }
}
