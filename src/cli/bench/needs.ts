import { Failure } from "../failure.js";
import type { Reach } from "./mechanism.js";
import { readSize } from "./read-size.js";

/** What a program wants of the way its messages go. */
export interface Needs {
  /** How long a message is. */
  readonly bytes: number;
  /** 99 of 100 round trips are to be within so many microseconds. */
  readonly latencyMicros?: number;
  /** Messages are to survive the end of all processes. */
  readonly durable: boolean;
  /** Whom they are to reach. */
  readonly reach: Reach;
  /** Several processes take, each message going to one. */
  readonly many: boolean;
  /** The thread may block while it waits. */
  readonly mayBlock: boolean;
  /** A message may be lost. */
  readonly mayLose: boolean;
}

const WORDS: Readonly<Record<string, Partial<Needs>>> = {
  durable: { durable: true },
  many: { many: true },
  blocking: { mayBlock: true },
  lossy: { mayLose: true },
  thread: { reach: "thread" },
  machine: { reach: "machine" },
  remote: { reach: "network" },
  browser: { reach: "browser" },
  python: { reach: "python" },
};
const MICROS = { ns: 1e-3, us: 1, µs: 1, ms: 1000, s: 1e6 } as const;
const ALLOWED = `size=16k, latency=100us, ${Object.keys(WORDS).join(", ")}`;

/** Reads what `--for` says: `size=64,latency=100us,durable,remote`. @throws Failure */
export function parseNeeds(text: string): Needs {
  let needs: Needs = { bytes: 64, durable: false, reach: "machine", many: false, mayBlock: false, mayLose: false };
  let reached: string | undefined;
  for (const part of text.split(",").map((one) => one.trim())) {
    const [, key, value = ""] = /^([^=]*)(?:=(.*))?$/s.exec(part) ?? [];
    const word = Object.hasOwn(WORDS, part) ? WORDS[part] : undefined;
    if (key === "size" && value !== "") {
      needs = { ...needs, bytes: readSize(value, 0, "--for: size") };
    } else if (key === "latency") {
      needs = { ...needs, latencyMicros: latency(value) };
    } else if (word === undefined) {
      throw new Failure(`--for: ${JSON.stringify(part)} is no need; allowed: ${ALLOWED}`, 2);
    } else {
      if (word.reach !== undefined && reached !== undefined && reached !== part)
        throw new Failure(`--for: ${reached} and ${part}; allowed: one of them`, 2);
      if (word.reach !== undefined) reached = part;
      needs = { ...needs, ...word };
    }
  }
  return needs;
}

function latency(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s)$/.exec(text) ?? [];
  const micros = Number(number) * MICROS[unit as keyof typeof MICROS];
  if (micros > 0) return micros;
  throw new Failure(`--for: latency is ${JSON.stringify(text)}; allowed: a time such as 500ns, 100us, 2ms or 1s`, 2);
}
