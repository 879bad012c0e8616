import type { PayloadName } from "./payload.js";
import type { Figures } from "./rounds.js";

/** What the programs of the pipe benchmark are asked. */
export interface PipeQuestion {
  measure: "one-way" | "round-trip";
  payload: PayloadName;
  mode: string;
  /** How long the measured part should last. */
  seconds: number;
}

/**
 * The frame of a program in `bench/peers`: it is started with a question as JSON in its first argument and prints its
 * figures as one line of JSON. With "partner" as the second argument it is the other side of its own measurement. An
 * error ends the program with code 1 and its message on stderr, for the bench to show.
 */
export function answer<Question>(
  driver: (question: Question) => Promise<Figures>,
  partner?: (question: Question) => Promise<void> | void,
): void {
  const question = JSON.parse(process.argv[2] ?? "null") as Question;
  const work = async (): Promise<void> => {
    if (process.argv[3] === "partner") await partner?.(question);
    else process.stdout.write(`${JSON.stringify(await driver(question))}\n`);
  };
  work().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  });
}
