// A process with a life line, and one that dies with it though its loop is busy: memory-life parent|child PATH
import { addon } from "#src/native/addon.js";
import { dieWith } from "#src/processes/life-line.js";

const [role, path] = process.argv.slice(2);
if (role === "parent") {
  console.log(addon().life(path), addon().life(`${path}.other`));
  setInterval(() => undefined, 1000);
} else {
  dieWith(path);
  console.log("busy");
  setImmediate(() => {
    for (;;);
  });
}
