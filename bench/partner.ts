import { type ChildProcess, fork, type SerializationType } from "node:child_process";

/**
 * Starts the running program a second time as the partner of this one; see `answer`. If the partner fails, this program
 * fails at once as well, instead of waiting for an acknowledgement that will never come.
 */
export function startPartner(question: unknown, serialization: SerializationType = "json"): ChildProcess {
  const program = process.argv[1];
  if (program === undefined)
    throw new Error("bench: a partner needs a program file; this process was started without one");
  const partner = fork(program, [JSON.stringify(question), "partner"], { serialization });
  partner.once("exit", (code, signal) => {
    if (code === 0 || signal === "SIGTERM") return;
    process.stderr.write(`the partner process ended with ${signal ?? `code ${code}`}\n`);
    process.exit(1);
  });
  return partner;
}
