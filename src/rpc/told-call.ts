import { type Carried, carriedIn } from "../carried.js";
import { diagnostics } from "../diagnostics.js";

/** A call of which subscribers are told. */
export interface ToldCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What is to go along. */
  readonly headers: Carried | undefined;
}

/** Tells that a call begins, and how it ends by what its promise is resolved with. */
export function toldCall(method: string, succeed: (value: unknown) => void, fail: (error: unknown) => void): ToldCall {
  const event = { method, headers: {} };
  const tell = diagnostics.call.begin(event);
  return {
    resolve: (result) => {
      tell({ result });
      succeed(result);
    },
    reject: (error) => {
      tell({ error });
      fail(error);
    },
    headers: carriedIn(event.headers),
  };
}
