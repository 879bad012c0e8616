import { collectionGlobals } from "./collection-globals.js";
import { exceptionGlobals } from "./exception-globals.js";
import { numpyGlobals } from "./numpy-globals.js";
import type { PythonGlobal } from "./python-global.js";
import { timeGlobals } from "./time-globals.js";
import { valueGlobals } from "./value-globals.js";

/** Older and newer names of modules. */
const moduleNames: Readonly<Record<string, string>> = {
  __builtin__: "builtins",
  exceptions: "builtins",
  copy_reg: "copyreg",
  Queue: "queue",
  _queue: "queue",
  "pathlib._local": "pathlib",
  "numpy._core.multiarray": "numpy.core.multiarray",
  "numpy._core.numeric": "numpy.core.numeric",
};

/** Python 2's names, which protocols 0 to 2 keep. */
const names: Readonly<Record<string, string>> = {
  "builtins:xrange": "builtins:range",
  "builtins:long": "builtins:int",
  "builtins:unicode": "builtins:str",
};

const known = new Map<string, PythonGlobal>(
  [...valueGlobals, ...collectionGlobals, ...timeGlobals, ...exceptionGlobals, ...numpyGlobals].map((one) => [
    `${one.module}:${one.name}`,
    one,
  ]),
);

/** All that a pickle may name without being told. */
export const knownGlobals: ReadonlyMap<string, PythonGlobal> = known;

/** The key under which a global of that module and name is known. */
export function keyOfGlobal(module: string, name: string): string {
  const key = `${Object.hasOwn(moduleNames, module) ? moduleNames[module] : module}:${name}`;
  return Object.hasOwn(names, key) ? names[key] : key;
}
