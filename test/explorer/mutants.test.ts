import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mutants } from "./mutants.js";
import { testEach } from "./test-each.js";

describe("the explorer notices when", () => {
  test("smoke: there are twenty faults at least", () => {
    assert.ok(mutants.length >= 20, `${mutants.length} faults`);
  });

  testEach.mutant(mutants);
});
