import assert from "node:assert/strict";
import { test } from "node:test";
import { configurations } from "./all-configurations.js";
import type { Configuration } from "./configuration.js";
import { explore, findingsInWords } from "./explorer.js";
import type { Mutant } from "./mutant.js";
import { type Production, production } from "./production.js";

const MOST_STATES = 50_000;

/** A test for each configuration or fault, of as many states as a short run has time for. */
export const testEach = {
  configuration(some: readonly Configuration[], code: Production): void {
    for (const configuration of some)
      test(`${configuration.title}: nothing goes wrong`, (t) => {
        const findings = explore(configuration, code, MOST_STATES);
        t.diagnostic(findingsInWords(findings));
        assert.equal(findings.violation, undefined, findingsInWords(findings));
      });
  },

  mutant(mutants: readonly Mutant[]): void {
    for (const { title, caughtBy, mutations } of mutants)
      test(title, async (t) => {
        const code = await production(...mutations);
        const configuration = configurations.find((one) => one.title === caughtBy);
        assert.ok(configuration, `there is no configuration ${caughtBy}`);
        const findings = explore(configuration, code, MOST_STATES, "any trace");
        t.diagnostic(`${caughtBy}: ${findings.violation}; ${findings.states} states, ${findings.trace.length} steps`);
        assert.notEqual(findings.violation, undefined, findingsInWords(findings));
      });
  },
};
