// Does something with an object and kills itself before (even K) or after (odd K) one of its kernel calls:
// memory-die-at create|close|unlink|sweep K. Gets to the end and prints "done" when it takes fewer calls.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, leave, unlinkName } from "#src/memory/attachments.js";
import { openSegment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { addon } from "#src/native/addon.js";
import { sweep } from "#src/primitives/sweep.js";
import { makeValue } from "../memory/make-value.js";

const [what, k] = process.argv.slice(2);
let calls = 0;

function dieAt(target: object, names: readonly string[]): void {
  const functions = target as Record<string, (...args: unknown[]) => unknown>;
  for (const name of names) {
    const original = functions[name];
    functions[name] = (...args) => {
      if (calls++ === Number(k)) process.kill(process.pid, "SIGKILL");
      const result = original.apply(target, args);
      if (calls++ === Number(k)) process.kill(process.pid, "SIGKILL");
      return result;
    };
  }
}

const home = registry();
const opened =
  what === "close" || what === "unlink" ? openSegment(home, `${home.directory}/it`, "value", "it") : undefined;
const index = opened ? join(opened) : -1;
dieAt(addon(), ["open", "tmpfile", "stat", "map", "link", "close"]);
dieAt(fs, ["lstatSync", "unlinkSync", "renameSync", "rmSync", "rmdirSync", "readdirSync", "mkdirSync"]);
syncBuiltinESMExports();
const made = what === "create" ? makeValue(home, { name: "it" }) : undefined;
if (what === "sweep") sweep();
if (opened && what === "close") leave(opened, index);
if (opened && what === "unlink") unlinkName(opened);
calls = Number.NEGATIVE_INFINITY;
if (made) leave(made, 0);
console.log("done");
