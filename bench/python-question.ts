/** What the programs of the python benchmark are asked. */
export interface PythonQuestion {
  measure: PythonMeasure;
  mode: string;
  seconds: number;
}

export const pythonMeasures = {
  object: "round trip of a small dict { id, name, ok }",
  "bytes-64": "round trip of 64 B bytes",
  "bytes-16k": "round trip of 16 KiB bytes",
  "bytes-1m": "round trip of 1 MiB bytes",
  array: "10 MiB of floats handed over, and a word back",
} as const;

export type PythonMeasure = keyof typeof pythonMeasures;

/** How the array is handed over; pickled bytes are the array's bytes as a value. */
export const arrayModes = ["pickle", "pickled bytes", "bytes", "shared memory"] as const;

/** Floats of 8 bytes: 10 MiB. */
export const arrayLength = (10 * 2 ** 20) / 8;
