import { configurations } from "./all-configurations.js";
import { explore, findingsInWords } from "./explorer.js";
import { production } from "./production.js";

/** What came of all configurations together. */
export interface Explored {
  readonly isClean: boolean;
  readonly complaints: readonly string[];
  toString(): string;
}

/** Explores each configuration until all is seen, or so many states of it; tells of each once it is done. */
export async function exploreAll(mostStates: number, tell: (line: string) => void): Promise<Explored> {
  const code = await production();
  const complaints: string[] = [];
  let [states, exhausted, seconds] = [0, 0, 0];
  for (const configuration of configurations) {
    const findings = explore(configuration, code, mostStates);
    tell(findingsInWords(findings));
    if (findings.violation !== undefined) complaints.push(`${findings.title}: ${findings.violation}`);
    states += findings.states;
    seconds += findings.seconds;
    if (findings.isExhausted) exhausted++;
  }
  const sums = `${states.toLocaleString("en")} states, ${exhausted} of ${configurations.length} configurations to the end`;
  return {
    isClean: complaints.length === 0,
    complaints,
    toString: () => `explorer: ${sums}, ${seconds.toFixed(0)} s; violations ${complaints.length}`,
  };
}
