import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { configurations } from "./all-configurations.js";
import type { Configuration } from "./configuration.js";
import { explore, findingsInWords } from "./explorer.js";
import { objectConfigurations } from "./object-configurations.js";
import { type Production, production } from "./production.js";
import { testEach } from "./test-each.js";

const MOST_STATES = 50_000;

describe("every course that the parties can take, step by step", async () => {
  const code = await production();

  test("smoke: the same states are found each time", () => {
    const [first] = configurations;
    const [once, again] = [explore(first, code, MOST_STATES), explore(first, code, MOST_STATES)];
    assert.ok(once.isExhausted && once.states > 100, findingsInWords(once));
    assert.deepEqual([again.states, again.places], [once.states, once.places]);
  });

  testEach.configuration(
    configurations.filter((one) => !objectConfigurations.includes(one)),
    code,
  );
});

describe("the explorer", () => {
  const WORD = 500;
  const run = (configuration: Pick<Configuration, "script"> & Partial<Configuration>) =>
    explore(
      { title: "its own test", parties: ["A", "B"], names: { [WORD]: "word" }, ...configuration },
      code(),
      10_000,
    );
  const code = (): Production => ({}) as Production;

  test("finds the one order in which a count is lost, and tells the shortest way there", () => {
    const { violation, trace } = run({
      script: (party) => void party.step("store", WORD, party.step("load", WORD) + 1),
      ended: (view) => (view.word(WORD) === 2 ? undefined : `the count is ${view.word(WORD)}`),
    });
    assert.equal(violation, "the count is 1");
    assert.deepEqual(
      trace.map((line) => line.replace(/ +/g, " ")),
      [
        "A loads word: 0",
        "B loads word: 0",
        "A stores word = 1",
        "B stores word = 1",
        "there: A is through, B is through",
      ],
    );
  });

  const flags = [WORD, WORD + 1];
  /** Each raises its flag and looks at the other's: one of them must see it. */
  const bothLook = (act: "store" | "plain store"): Partial<Configuration> & Pick<Configuration, "script"> => ({
    script: (party) => {
      party.step(act, flags[party.index], 1);
      party.note("saw", party.step("load", flags[1 - party.index]));
    },
    noted: (view, _party, _what, value) => view.setFact(0, view.fact(0) + value) as undefined,
    ended: (view) => (view.fact(0) > 0 ? undefined : "nobody saw the other"),
  });

  test("has a store pass a later load only where it was plain, and the processor has a store buffer", () => {
    assert.equal(run({ ...bothLook("plain store") }).violation, undefined);
    assert.equal(run({ ...bothLook("store"), memory: "tso" }).violation, undefined);
    assert.equal(run({ ...bothLook("plain store"), memory: "tso" }).violation, "nobody saw the other");
  });

  /** One writes two words, the other one must not see the second without the first. */
  const inOrder: Partial<Configuration> & Pick<Configuration, "script"> = {
    script: (party) => {
      if (party.index === 0) for (const word of flags) party.step("plain store", word, 1);
      else if (party.step("load", flags[1]) === 1) party.note("saw", party.step("load", flags[0]));
    },
    noted: (_view, _party, _what, value) => (value === 1 ? undefined : "the second word without the first"),
  };

  test("has plain stores change places only where memory is weak", () => {
    assert.equal(run({ ...inOrder, memory: "tso" }).violation, undefined);
    assert.equal(run({ ...inOrder, memory: "pso" }).violation, "the second word without the first");
  });

  test("kills a party at each of its steps", () => {
    const values = new Set<number>();
    const { isExhausted } = run({
      kills: 1,
      victims: [0],
      script: (party) => {
        if (party.index === 0) for (let value = 1; value <= 3; value++) party.step("store", WORD, value);
      },
      ended: (view) => void values.add(view.word(WORD)),
    });
    assert.ok(isExhausted);
    assert.deepEqual([...values].sort(), [0, 1, 2, 3]);
  });

  test("notices a sleeper whom nobody will wake, and parties that go on for ever", () => {
    const sleeper = run({ parties: ["A"], script: (party) => void party.step("sleep", 0, 1000, 0) });
    assert.equal(sleeper.violation, "nobody can go on, and not all are through");
    const napper = run({
      parties: ["A"],
      script: (party) => {
        while (party.step("load", WORD) === 0) party.step("nap", WORD, 1, 0);
      },
    });
    assert.equal(napper.violation, "they go on without end, and never are through");
  });

  test("lets a stopped party's finally reach no memory", () => {
    const { violation } = run({
      script: (party) => {
        try {
          party.step("store", WORD + party.index, 1);
          party.step("load", WORD);
        } finally {
          party.step("store", WORD + party.index, 2);
        }
      },
      ended: (view) => (view.word(WORD) === 2 && view.word(WORD + 1) === 2 ? undefined : "a word is not 2"),
    });
    assert.equal(violation, undefined);
  });
});
