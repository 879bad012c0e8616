#!/usr/bin/env node
import { CommanderError } from "commander";
import { InterprocError, TimeoutError, UsageError } from "../errors.js";
import { Failure } from "./failure.js";
import { Interruption } from "./interruption.js";
import { makeProgram } from "./program.js";

const USAGE = 2;
const NOT_IN_TIME = 3;

/** One line for what a user can do something about; a stack only for what is a defect. */
function complain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE; // it has printed its message itself
  if (error instanceof Interruption) return error.exitCode;
  if (error instanceof Failure || error instanceof InterprocError) {
    process.stderr.write(`interproc: ${error.message}\n`);
    if (error instanceof Failure) return error.exitCode;
    if (error instanceof TimeoutError) return NOT_IN_TIME;
    return error instanceof UsageError && error.resource === undefined ? USAGE : 1;
  }
  console.error(error);
  return 1;
}

// a reader that has seen enough (`interproc demo | head`) is no failure to complain about
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  await makeProgram().parseAsync();
} catch (error) {
  process.exitCode = complain(error);
}
