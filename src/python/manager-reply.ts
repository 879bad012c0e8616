import { PythonError } from "../codec/pickle/python-error.js";
import { ProtocolError, RemoteError } from "../errors.js";
import { ManagerToken } from "./manager-token.js";

/** A result that stays with the manager: what it is called there, and its methods. */
export interface ProxyReply {
  readonly token: ManagerToken;
  readonly exposed: readonly string[];
}

/** What a manager answers: `value`, or what `proxy` names. */
export type Reply = { readonly value: unknown } | { readonly proxy: ProxyReply };

/**
 * What an answer says.
 *
 * @throws RemoteError for what the manager's side raised, with `remoteName`, and `remoteStack` where Python tells it; `cause`
 * is the exception itself
 * @throws ProtocolError when it is no answer
 */
export function replyOf(answer: unknown, operation: string): Reply {
  if (!Array.isArray(answer) || answer.length !== 2) throw malformed(operation);
  const [kind, value] = answer as [unknown, unknown];
  switch (kind) {
    case "#RETURN":
      return { value };
    case "#PROXY": {
      const [exposed, token] = Array.isArray(value) ? (value as unknown[]) : [];
      if (!isNames(exposed) || !(token instanceof ManagerToken)) throw malformed(operation);
      return { proxy: { token, exposed } };
    }
    case "#ERROR":
      throw raised(value, operation);
    case "#TRACEBACK":
      throw traced(String(value), operation);
    case "#UNSERIALIZABLE":
      throw new RemoteError(`${operation}: the result cannot be pickled: ${String(value)}`, {
        remoteName: "PicklingError",
      });
    default:
      throw malformed(operation);
  }
}

/** Whether a value is a list of names. */
export function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

/** Whether a call failed by a Python exception of that class. */
export const isRaised = (error: unknown, name: string): boolean =>
  error instanceof RemoteError && error.remoteName === name;

function malformed(operation: string): ProtocolError {
  return new ProtocolError(`${operation}: an answer came that is none of a manager's`);
}

function raised(value: unknown, operation: string): RemoteError {
  if (!(value instanceof PythonError)) return new RemoteError(`${operation}: ${String(value)}`, { cause: value });
  const { name, message, cause } = value;
  const stack = cause instanceof PythonError ? { remoteStack: cause.message } : {};
  return new RemoteError(`${operation}: ${name}: ${message}`, { remoteName: name, cause: value, ...stack });
}

/** The last line of a traceback has the exception's class and text; of a method that is not exposed an earlier one. */
function traced(text: string, operation: string): RemoteError {
  const refused = /^AttributeError: method .* is not in exposed=.*$/m.exec(text)?.[0];
  const last = refused ?? text.trimEnd().split("\n").at(-1)?.trim() ?? "";
  const name = /^(?:\w+\.)*(\w+)(?=:|$)/.exec(last)?.[1];
  return new RemoteError(`${operation}: ${last}`, { remoteName: name, remoteStack: text });
}
