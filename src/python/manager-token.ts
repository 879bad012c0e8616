import type { PickleGlobal } from "../codec/pickle/own-globals.js";
import { PythonTuple } from "../codec/pickle/python-tuple.js";
import { CodecError } from "../errors.js";

/** Where a manager listens, as Python writes it: a path, or host and port. */
export type TokenAddress = string | readonly [host: string, port: number];

/** Names an object of a manager: what travels in place of it. `multiprocessing.managers.Token`. */
export class ManagerToken {
  constructor(
    readonly typeid: string,
    readonly address: TokenAddress,
    readonly id: string,
  ) {}
}

function setState(token: ManagerToken, state: unknown): void {
  const [typeid, address, id] = Array.isArray(state) ? (state as unknown[]) : [];
  const isAddress =
    typeof address === "string" ||
    (Array.isArray(address) && typeof address[0] === "string" && Number.isInteger(address[1]));
  if (typeof typeid !== "string" || typeof id !== "string" || !isAddress)
    throw new CodecError("a manager's token that is malformed");
  Object.assign(token, { typeid, address: typeof address === "string" ? address : address.slice(0, 2), id });
}

/** How a token stands in a pickle. */
export const tokenGlobal: PickleGlobal<ManagerToken> = {
  class: ManagerToken,
  setState,
  getState: ({ typeid, address, id }) =>
    new PythonTuple([typeid, typeof address === "string" ? address : new PythonTuple(address), id]),
};
