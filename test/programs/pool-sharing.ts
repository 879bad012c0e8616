// Tasks for pools that get and give shared objects, and pools in pools.
import { type Connection, Pool, type Queue, SharedArray, type SharedMemory, task } from "interproc";
import { triple } from "./pool-work.js";

/** Fills a part of a block with a number; nothing is copied. */
export const fill = task(import.meta, function fill(block: SharedMemory, from: number, to: number, value: number) {
  using mine = block;
  mine.bytes.fill(value, from, to);
});

export const makeArray = task(import.meta, function makeArray(length: number) {
  const array = new SharedArray("f64", length);
  array.view.fill(length);
  return array;
});

/** Says where it comes from, through a connection of its own. */
export const sayHello = task(import.meta, async function sayHello(conn: Connection<string>, name: string) {
  await conn.send(`hello from ${name}`);
  conn.close();
});

export const putInto = task(import.meta, async function putInto({ queue, value }: { queue: Queue; value: number }) {
  await queue.put(value);
  queue.close();
});

export const lengthOf = task(import.meta, function lengthOf(bytes: Uint8Array) {
  return [bytes.length, bytes[0], bytes.at(-1)];
});

export const bytesOf = task(import.meta, function bytesOf(length: number) {
  return new Uint8Array(length).fill(length % 251);
});

/** A pool of its own, for one call. */
export const inPool = task(import.meta, async function inPool(numbers: number[]) {
  await using pool = new Pool({ processes: 2 });
  return await pool.map(triple, numbers);
});
