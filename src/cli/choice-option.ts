import { InvalidArgumentError } from "commander";

/** Reads an option that is one of some words, for commander; has the words, for completion. */
export function choiceOption(allowed: readonly string[]): ((text: string) => string) & { choices: readonly string[] } {
  const parse = (text: string): string => {
    if (allowed.includes(text)) return text;
    throw new InvalidArgumentError(`Allowed: ${allowed.join(", ")}.`);
  };
  return Object.assign(parse, { choices: allowed });
}
