import { pipe, spawn } from "../../index.js";
import { echo } from "./echo.js";
import { type Finding, fail, ok } from "./finding.js";

const ROUNDS = 200;
const PATIENCE_MS = 10_000;

/** Starts a process, passes messages to and fro, and has it end: spawn, pipe, both ways of waking, end of file. */
export async function processCheck(): Promise<Finding[]> {
  const [mine, theirs] = pipe<number>();
  const startedAt = performance.now();
  try {
    using child = spawn(echo, [theirs], { name: "doctor-echo" });
    const timeout = PATIENCE_MS;
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const sentAt = round === 0 ? startedAt : performance.now();
      await mine.send(round, { timeout });
      const answer = await mine.recv({ timeout });
      if (answer !== round) throw new Error(`message ${round} came back as ${answer}`);
      times.push(performance.now() - sentAt);
    }
    mine.close();
    const { code, signal } = await child.join({ timeout });
    if (code !== 0) throw new Error(`the child ended with ${signal ?? `code ${code}`}`);
    const [first, ...others] = times;
    const median = others.sort((a, b) => a - b)[ROUNDS >> 1];
    return [
      ok("a child process", `answered ${first.toFixed(0)} ms after it was asked for`),
      ok(
        "a round trip through a pipe",
        `${(median * 1000).toFixed(0)} µs (median of ${ROUNDS}, awaiting here, blocking there)`,
      ),
    ];
  } catch (error) {
    return [fail("a child process", (error as Error).message, "what the child itself says is on stderr, above")];
  } finally {
    mine.close();
    theirs.close();
  }
}
