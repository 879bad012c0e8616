import { InvalidArgumentError } from "commander";

/** Reads an option that is one of some words, for commander. */
export function choiceOption(allowed: readonly string[]): (text: string) => string {
  return (text) => {
    if (allowed.includes(text)) return text;
    throw new InvalidArgumentError(`Allowed: ${allowed.join(", ")}.`);
  };
}
