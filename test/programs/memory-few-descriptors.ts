// Tries something with 0, 1, 2 … descriptors left until it works, and says how each try ended: memory-few-descriptors WHAT
import { closeSync, openSync, readdirSync } from "node:fs";
import { pipe, share } from "interproc";
import { leave } from "#src/memory/attachments.js";
import { Registry } from "#src/memory/registry.js";
import { openSegment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { addon } from "#src/native/addon.js";
import { sweep } from "#src/primitives/sweep.js";
import { makeValue } from "../memory/make-value.js";

const what = process.argv[2];
const descriptors = (): number => readdirSync("/proc/self/fd").length;
const place = (): Registry => registry();
const tries: Record<string, () => void> = {
  attach() {
    const one = Registry.attach();
    one.leave();
    addon().close(one.fifo);
  },
  create() {
    const segment = makeValue(place(), { name: "made" });
    leave(segment, 0);
    segment.unmap();
  },
  open: () => openSegment(place(), `${place().directory}/there`, "value", "there").unmap(),
  sweep: () => void sweep(),
  pipe() {
    for (const end of pipe()) end.close();
  },
  share() {
    const [mine, theirs] = pipe();
    try {
      share(theirs);
    } finally {
      mine.close();
      theirs.close();
    }
  },
};

const there = what === "attach" ? addon() && undefined : makeValue(place(), { name: "there" });
if (what === "share" || what === "pipe") tries.pipe();
if (what === "share") tries.share(); // the carrier stays open
const before = descriptors();
const outcomes: unknown[] = [];
for (let left = 0; left < 12; left++) {
  const fillers: number[] = [];
  try {
    for (;;) fillers.push(openSync("/dev/null", "r"));
  } catch {
    for (const fd of fillers.splice(0, left)) closeSync(fd);
  }
  try {
    tries[what]();
    outcomes.push("done");
  } catch (error) {
    const { name, errno, retryable } = error as { name: string; errno: string; retryable: boolean };
    outcomes.push({ name, errno, retryable });
  }
  for (const fd of fillers) closeSync(fd);
  if (descriptors() !== before) outcomes.push(`${descriptors() - before} descriptors leaked`);
  if (outcomes.at(-1) === "done") break;
}
if (there) leave(there, 0);
console.log(JSON.stringify(outcomes));
