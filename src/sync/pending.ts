import { isLeaving } from "../memory/this-thread.js";
import { PendingCall } from "../pending-call.js";

/** One call that waits in the event loop for something in shared memory. */
export class Pending<T> extends PendingCall<T> {
  override reject(error: unknown): void {
    if (isLeaving())
      this.end(); // it would only be an unhandled rejection of a thread that is over
    else super.reject(error);
  }
}
