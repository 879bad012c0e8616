import { Failure } from "../failure.js";

/** The value of a line of JSON. @throws Failure that tells which line is none */
export function jsonLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Failure(`line ${number} is no JSON: ${(error as Error).message}`);
  }
}
