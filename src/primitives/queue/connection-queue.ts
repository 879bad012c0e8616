import type { Connection } from "../../channel.js";
import type { Place } from "../shared-object.js";
import { Queue } from "./queue.js";
import { makeQueue, openQueue, type QueueKind, registerQueue } from "./queue-making.js";

/**
 * What a listener at `shm:name` is: a queue of the ends that those who connect hand over. It goes with the listener, however
 * that ends, and with it the ends that nobody took: their peers read the end of file.
 *
 * @internal
 */
export class ConnectionQueue extends Queue<Connection> {
  static override get kind(): QueueKind {
    return { name: "Listener", discipline: "listener" };
  }

  static override create<T = Connection>(name: string): Queue<T> {
    return new ConnectionQueue(makeQueue(ConnectionQueue.kind, name, {})) as Queue<unknown> as Queue<T>;
  }

  static override open<T = Connection>(name: string): Queue<T> {
    return new ConnectionQueue(openQueue(ConnectionQueue.kind, name)) as Queue<unknown> as Queue<T>;
  }
}

registerQueue(ConnectionQueue.kind, (place: Place) => new ConnectionQueue(place));
