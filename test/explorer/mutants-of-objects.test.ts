import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mutantsOfObjects } from "./mutants-of-objects.js";
import { testEach } from "./test-each.js";

describe("the explorer notices when", () => {
  test("smoke: there are fifty faults at least", () => {
    assert.ok(mutantsOfObjects.length >= 50, `${mutantsOfObjects.length} faults`);
  });

  testEach.mutant(mutantsOfObjects);
});
