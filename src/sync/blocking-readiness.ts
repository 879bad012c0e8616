import type { Readiness } from "../readiness.js";
import type { Wait } from "./wait.js";

/** The readiness of an object in shared memory: a thread can also block until it comes. */
export interface BlockingReadiness extends Readiness {
  /** A wait that is over once the object is ready; then `tell` is called. */
  wait(tell: () => void): Wait;
  /** @throws UsageError when nobody but this very thread could make it ready */
  requireOthers(operation: string): void;
}
