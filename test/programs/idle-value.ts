// Ends by itself, with a value that nobody waits for; with "wait" it stays for its pending wait, with "unref" not.
import { SharedValue } from "interproc";

const value = SharedValue.openOrCreate(process.argv[2], "i32", 0);
const mode = process.argv[3];
if (mode === "unref") value.unref();
if (mode !== "idle") value.waitUntil((seen) => seen === 1).then((seen) => console.log("saw", seen));
console.log(mode);
