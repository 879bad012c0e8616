import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { configurations } from "./all-configurations.js";
import { explore, findingsInWords } from "./explorer.js";
import { mutants } from "./mutants.js";
import { production } from "./production.js";

const MOST_STATES = 50_000;

describe("the explorer notices when", () => {
  test("smoke: there are twenty faults at least, each with a configuration that finds it", () => {
    assert.ok(mutants.length >= 20, `${mutants.length} faults`);
    const unknown = mutants.filter(({ caughtBy }) => configurations.every(({ title }) => title !== caughtBy));
    assert.deepEqual(unknown, []);
  });

  for (const { title, caughtBy, mutations } of mutants)
    test(title, async (t) => {
      const code = await production(...mutations);
      const configuration = configurations.find((one) => one.title === caughtBy);
      assert.ok(configuration);
      const findings = explore(configuration, code, MOST_STATES);
      t.diagnostic(`${caughtBy}: ${findings.violation}; ${findings.states} states, ${findings.trace.length} steps`);
      assert.notEqual(findings.violation, undefined, findingsInWords(findings));
    });
});
