/** What the programs of the rpc benchmark are asked. */
export interface RpcQuestion {
  measure: RpcMeasure;
  /** Where the other side is, and how it is reached. */
  mode: string;
  seconds: number;
}

export const rpcMeasures = {
  one: "one call at a time: add(a, b), there and back",
  many: "64 calls of add(a, b) under way",
  object: "one call at a time: an object of 1 KiB there and back",
  callback: "one call at a time, of a method that calls its argument once",
  items: "items of sequences of 10,000",
} as const;

export type RpcMeasure = keyof typeof rpcMeasures;

export const callsUnderWay = 64;

export const sequenceLength = 10_000;

/** Of these, every call is timed by itself; the others count calls, or items, a second. */
export const isTimed = (measure: RpcMeasure): boolean => measure !== "many" && measure !== "items";
