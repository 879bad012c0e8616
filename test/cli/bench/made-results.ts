import { mechanisms } from "#src/cli/bench/mechanisms.js";
import type { BenchResults } from "#src/cli/bench/results.js";
import { figuresOf } from "./figures-of.js";

/** Results as a run might have found them: three mechanisms of two lengths, one number, a failure, and a skipped one. */
export function madeResults(tcpTitle = "TCP"): BenchResults {
  const names = ["pipe", "unix", "tcp", "value", "queue", "python"];
  const all = mechanisms().map(({ traits }) => traits);
  return {
    machine: {
      ...{ cpu: "Made-up 3000", cores: 8, memoryBytes: 16e9, os: "Linux 6.1 x64", runtime: "Node.js 20.0.0" },
      ...{ interproc: "1.2.3", loadBefore: 9, loadAfter: 3, startedAt: "2026-01-02T03:04:05.678Z", seconds: 100 },
    },
    mechanisms: all
      .filter(({ name }) => names.includes(name))
      .map((traits) => (traits.name === "tcp" ? { ...traits, title: tcpTitle } : traits)),
    cells: [
      ...[64, 1024].flatMap((bytes) => [
        figuresOf("unix", bytes, 10, 1e5),
        figuresOf("tcp", bytes, 100, 1e4),
        figuresOf("pipe", bytes, 1, 1e6),
        { mechanism: "queue", bytes, problem: "it broke & ended" },
      ]),
      figuresOf("value", 4, 2, 1e7),
    ],
    skipped: [{ mechanism: "python", why: "there is no python3" }],
    warnings: ["the machine was busy"],
  };
}
