/*
 * What callers and servers of calls by url say to each other. Every message is an object, in the codec `structured` or as JSON,
 * as its content type says; what is not needed is left out.
 *
 *   request, in the queue that the url names
 *     id        how its caller knows the call; made up, and never used twice
 *     from      the caller's own address, where answers go
 *     method    the method's name or, of an object in the object, its path (an array of names)
 *     args      the arguments, an array; in `structured` they are bytes of a message of their own, so that one that cannot be
 *               decoded spoils no more than itself
 *     signals   where in the arguments an AbortSignal stood: paths; there stands null
 *     until     milliseconds since 1970, by the machine's clock: after them nobody waits any more
 *   answer, to the caller's address
 *     id        of the call
 *     result    what the method returned, packed like the arguments
 *     failure   or what it threw, as plain data
 *     unreadable   or why its arguments could not be decoded
 *     abandoned    or true: somebody had begun it and died, and it is not to be begun again
 *     began     or the server's own address: it runs there, and that is where an abort goes (only for calls with signals)
 *   abort, to the server's address
 *     id        of the call
 *     abort     why: { reason } or { failure }
 *
 * At RabbitMQ a request may leave out `id` and `from` and have the properties `correlation_id` and `reply_to` instead; answers have
 * the same `correlation_id`.
 */
export interface CallRequest {
  readonly id?: string;
  readonly from?: string;
  readonly method: string | readonly string[];
  readonly args: readonly unknown[] | Uint8Array;
  readonly signals?: readonly (readonly (string | number)[])[];
  readonly until?: number;
}

/** See above. */
export interface CallAnswer {
  readonly id: string;
  readonly result?: unknown;
  readonly failure?: unknown;
  readonly unreadable?: string;
  readonly abandoned?: true;
  readonly began?: string;
  readonly abort?: unknown;
}
