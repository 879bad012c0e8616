/*
 * What two sides of typed calls say to each other, over any connection and codec. Every message is an array; ids are
 * numbers that the side made up which the first column names, and are never used twice.
 *
 *   [call, id, target, args, refs, headers]  caller  calls a method by its name or path (an array of names), a function by its id
 *   [result, id, value, refs]         callee    what it returned
 *   [failure, id, failure]            callee    what it threw, as plain data
 *   [abort, id, reason]               caller    a signal that went along has fired
 *   [release, id, times]              receiver  a function that came along so many times is not needed any more
 *   [pull, id, items]                 receiver  so many more items of a sequence may be sent
 *   [item, id, value, refs]           sender    one of them
 *   [end, id, items, failure]         sender    no more come; so many were sent, and after them it threw, if it did
 *   [stop, id]                        receiver  no more are wanted
 *   [unreadable, n, why]              receiver  the n-th message that came, from 0, could not be decoded
 *
 * `headers` is an object of texts that go along, such as the context of a trace: at most 16, of at most 8,192 characters.
 * What is none is as if it were not there, and so it is for a callee that does not know of them.
 *
 * What cannot be sent as a value (functions, signals, sequences) stands in `refs` beside the value, never in it, so that
 * no data can be taken for one: [path, kind, id] each, the path leading through arrays and plain objects from the value.
 */
export const MESSAGE = {
  call: 1,
  result: 2,
  failure: 3,
  abort: 4,
  release: 5,
  pull: 6,
  item: 7,
  end: 8,
  stop: 9,
  unreadable: 10,
} as const;

/** Any of these messages. */
export type Message = readonly [kind: number, id: number, ...more: unknown[]];

/** The kinds of references; `returned` is a function that came from the side that it now goes to. */
export const REFERENCE = { function: 1, signal: 2, sequence: 3, returned: 4, sink: 5 } as const;

/** Where in a value something stands that went along beside it. */
export type Reference = readonly [path: readonly (string | number)[], kind: number, id: number];

/** How deep arrays and objects are searched for what cannot be sent as a value. */
export const DEEPEST = 16;
/** Items of a sequence that may be under way at once. */
export const WINDOW = 32;
