import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Segment } from "../memory/segment.js";
import { beforeLeaving } from "../memory/this-thread.js";
import { dropFolder, flightFolder } from "./flight.js";

/** Those of this thread, to be looked after when it ends. */
const folders = new Set<MessageFolder>();
let leaving = false;

/** The folder of what messages in an object only name: objects in them, and what is too long. It goes with the object. */
export class MessageFolder {
  readonly path: string;

  /** After the thread's holding was made: whoever ends leaves its objects first. */
  constructor(private readonly segment: Segment) {
    this.path = flightFolder(segment.id);
    folders.add(this);
    if (leaving) return;
    leaving = true;
    beforeLeaving(() => {
      for (const one of folders) one.left();
    });
  }

  /** This thread has left the object; whoever left as the last takes along what nobody took. */
  left(): void {
    folders.delete(this);
    const { name, anonymousPath, inode, registry } = this.segment; // the rest of it is not mapped any more
    const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.ino === inode;
    if (isThere(anonymousPath) || (name !== "" && isThere(join(registry.directory, name)))) return;
    dropFolder(this.path);
  }
}
