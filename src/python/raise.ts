import { PythonError } from "../codec/pickle/python-error.js";

/** An exception of Python's, to be thrown. */
export function raise(name: string, ...args: readonly unknown[]): PythonError {
  const module = name === "Empty" || name === "Full" ? "queue" : "builtins";
  return new PythonError(module, name, args);
}
