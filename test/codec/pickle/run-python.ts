import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { Python } from "./pythons.js";

/** Runs a program with a JSON value on its standard input; gives the JSON that it prints. */
export function runPython(python: Python, program: string, input: unknown): unknown {
  const run = spawnSync(python.path, ["-c", program], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 120_000,
  });
  assert.equal(run.status, 0, `${python.path}: ${run.stderr}`);
  return JSON.parse(run.stdout);
}

/** For each pickle in hex, what `repr` of the loaded value is. */
export function reprs(python: Python, pickles: readonly Uint8Array[]): string[] {
  const program = `import sys, json, pickle
from collections import *
def show(data):
    try:
        return ascii(pickle.loads(bytes.fromhex(data)))
    except Exception as error:
        return 'failed: %r' % (error,)
print(json.dumps([show(data) for data in json.load(sys.stdin)]))`;
  return runPython(
    python,
    program,
    pickles.map((one) => Buffer.from(one).toString("hex")),
  ) as string[];
}

/** The pickles of what the Python expressions give, in a protocol. */
export function pickled(python: Python, expressions: readonly string[], protocol: number): Uint8Array[] {
  const program = `import sys, json, pickle
import collections, datetime, decimal, fractions, uuid, array, pathlib
from collections import *
try:
    import zoneinfo
except ImportError:
    pass
try:
    import numpy
except ImportError:
    pass
asked = json.load(sys.stdin)
print(json.dumps([pickle.dumps(eval(one), asked['protocol']).hex() for one in asked['expressions']]))`;
  const found = runPython(python, program, { expressions, protocol }) as string[];
  return found.map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
}
