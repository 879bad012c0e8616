import { SystemError } from "../../errors.js";

/** The server ends a whole connection for some requests (an unknown type of exchange): that is not to be repeated for ever. */
const MOST_REPEATS = 3;

/** What is called before a request is made again because the connection broke. It throws when that has been often enough. */
export function rabbitRepeats(operation: string, shown: string): () => void {
  let repeats = 0;
  return () => {
    if (++repeats <= MOST_REPEATS) return;
    throw new SystemError(
      `${operation}: the connection broke ${repeats} times while the server was asked for it: it may be what the server does not allow`,
      { resource: shown },
    );
  };
}
