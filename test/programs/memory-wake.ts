// Wakes who sleeps on the second word of a file, once somebody does: memory-wake PATH
import { constants } from "node:fs";
import { addon, MAP_SHARED } from "#src/native/addon.js";

const fd = addon().open(process.argv[2], constants.O_RDWR, 0);
const words = addon().map(fd, MAP_SHARED, -1, 0, 4096) as ArrayBuffer;
while (addon().futexWake(words, 4, 1) === 0);
