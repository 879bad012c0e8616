import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { configurations } from "./all-configurations.js";
import { objectConfigurations } from "./object-configurations.js";
import { production } from "./production.js";
import { testEach } from "./test-each.js";

describe("every course that the parties can take at what is kept under a guard or beside it", async () => {
  const code = await production();

  test("smoke: each configuration has a title of its own", () => {
    assert.equal(new Set(configurations.map(({ title }) => title)).size, configurations.length);
  });

  testEach.configuration(objectConfigurations, code);
});
