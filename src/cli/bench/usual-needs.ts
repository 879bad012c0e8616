import type { Needs } from "./needs.js";

const NOTHING_SPECIAL = {
  durable: false,
  reach: "machine",
  many: false,
  mayBlock: false,
  mayLose: false,
} as const;

/** What programs usually need, for which each run recommends something; `sizes` are those that were measured. */
export function usualNeeds(sizes: readonly number[]): (readonly [what: string, needs: Needs])[] {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const middle = sizes.find((bytes) => bytes >= 1024) ?? most;
  const usual = (what: string, bytes: number, needs: Partial<Needs>) =>
    [what, { ...NOTHING_SPECIAL, bytes, ...needs }] as const;
  return [
    usual("short messages, this machine", least, {}),
    ...(most >= 64 * 1024 ? [usual("long messages, this machine", most, {})] : []),
    usual("a thread that may block", least, { mayBlock: true }),
    usual("work for many takers", middle, { many: true }),
    usual("survives all processes", middle, { durable: true }),
    usual("another machine", middle, { reach: "network" }),
    usual("another machine, survives all", middle, { reach: "network", durable: true }),
    usual("a web page", middle, { reach: "browser" }),
    usual("a Python program", middle, { reach: "python" }),
  ];
}
