const own = new Int32Array(new SharedArrayBuffer(4));

/**
 * Plain reads before it are over before any read after it begins. `Atomics.load` alone does not promise that: it keeps
 * later accesses behind itself, not earlier ones before it. A read-modify-write of a word of one's own does, on processors
 * that reorder reads as well.
 */
export function fence(): void {
  Atomics.add(own, 0, 0);
}
