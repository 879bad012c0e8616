import type { Keywords } from "./manager-door.js";

/** A call that Python makes. */
export interface FaceCall {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly keywords: Keywords;
  /** Fires when nobody waits for the result any more: the client has gone. */
  readonly signal: AbortSignal;
}

/** An object as Python's proxies see it. */
export interface Face {
  /** The methods that may be called, as Python's `exposed`. */
  readonly exposed: readonly string[];
  /** Calls one of them. What it throws is raised in Python; a PythonError as the exception that it is. */
  call(call: FaceCall): unknown;
  /** A copy for `#GETVALUE`. */
  value(): unknown;
  /** The result of a call did not reach who made it. */
  takeBack?(method: string, result: unknown): void;
}
