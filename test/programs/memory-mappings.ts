// Counts its own mappings of a file: mapped, after detach, and after the garbage collector has taken a forgotten buffer.
import { readFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { addon, MAP_SHARED } from "#src/native/addon.js";

const fd = addon().tmpfile(process.env.INTERPROC_DIR as string, 8192);
const facts = new Float64Array(6);
addon().stat(fd, facts.buffer);
const isOurs = (line: string): boolean => line.includes(` ${facts[2]} `);
const count = (): number => readFileSync("/proc/self/maps", "utf8").split("\n").filter(isOurs).length;
const collect = (globalThis as unknown as { gc(): void }).gc;

function mapAndForget(): number {
  const buffer = addon().map(fd, MAP_SHARED, -1, 0, 8192) as ArrayBuffer;
  new Uint8Array(buffer)[0] = 1;
  return count();
}

const mapped = mapAndForget();
let dropped = 1;
for (let tries = 0; tries < 50 && dropped > 0; tries++) {
  collect();
  await turn();
  dropped = count();
}
const buffer = addon().map(fd, MAP_SHARED, -1, 0, 8192) as ArrayBuffer;
addon().detach(buffer);
const detached = count();
console.log(JSON.stringify({ mapped, detached, dropped }));
