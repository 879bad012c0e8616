// Has a program run that ends when its input does, and prints its pid.
import { spawnProgram } from "interproc";

const child = spawnProgram("cat", [], { connection: "lines" });
console.log(child.pid);
