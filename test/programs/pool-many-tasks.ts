// Many tasks in one module; each gives its number.
import { task } from "interproc";

export const manyTasks = Array.from({ length: 600 }, (_, number) => task(import.meta, `task${number}`, () => number));
