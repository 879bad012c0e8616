import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Topic } from "interproc";
import { keyPattern } from "#src/key-pattern.js";
import { codes } from "../../contract/connection-kind.js";
import { chooseSeed, SeededRandom } from "../../rings/seeded-random.js";

/** Keys that a pattern matches, and keys that it does not. */
const cases: Record<string, { readonly yes: readonly string[]; readonly no: readonly string[] }> = {
  "#": { yes: ["", "a", "a.b.c", ".", "a..b", "*", "#"], no: [] },
  "": { yes: [""], no: ["a", ".", "a.b"] },
  "*": { yes: ["a", "*", "#", "ä"], no: ["", "a.b", ".", "a."] },
  "*.*": { yes: ["a.b", ".", "a.", ".b"], no: ["", "a", "a.b.c"] },
  a: { yes: ["a"], no: ["", "b", "A", "a.b", "a.", ".a"] },
  "a.b": { yes: ["a.b"], no: ["a", "a.b.c", "a..b", "ab"] },
  "a..b": { yes: ["a..b"], no: ["a.b", "a.x.b"] },
  "a.*.b": { yes: ["a..b", "a.x.b"], no: ["a.b", "a.x.y.b"] },
  "a.#": { yes: ["a", "a.b", "a.b.c", "a."], no: ["", "b", "ab", "b.a"] },
  "#.a": { yes: ["a", "b.a", "b.c.a", ".a"], no: ["", "a.b", "ba"] },
  "a.#.b": { yes: ["a.b", "a.x.b", "a.x.y.b", "a..b", "a.b.b", "a.a.b"], no: ["a", "b", "a.b.c", "ab"] },
  "#.a.#": { yes: ["a", "x.a", "a.x", "x.a.y", "a.a"], no: ["", "x", "x.y"] },
  "#.*": { yes: ["a", "a.b", "."], no: [""] },
  "*.#": { yes: ["a", "a.b", "."], no: [""] },
  "#.#": { yes: ["", "a", "a.b"], no: [] },
  "#.a.*.b.#": { yes: ["a.x.b", "y.a.x.b.z", "a.a.x.b"], no: ["a.b", "a.x.y.b"] },
  "a.#.b.#.c": { yes: ["a.b.c", "a.x.b.y.c", "a.b.b.c.c"], no: ["a.c", "a.b", "a.x.c.b"] },
  "orders.*.paid": { yes: ["orders.eu.paid"], no: ["orders.paid", "orders.eu.paid.late", "Orders.eu.paid"] },
  "größe.*": { yes: ["größe.m"], no: ["grösse.m", "größe"] },
};

const wordsOf = (text: string): string[] => (text === "" ? [] : text.split("."));

/** The definition, tried out. */
function isMatch([first, ...rest]: readonly string[], words: readonly string[]): boolean {
  if (first === undefined) return words.length === 0;
  if (first === "#") return isMatch(rest, words) || (words.length > 0 && isMatch([first, ...rest], words.slice(1)));
  return words.length > 0 && (first === "*" || first === words[0]) && isMatch(rest, words.slice(1));
}

describe("a pattern of a subscription", () => {
  for (const [pattern, { yes, no }] of Object.entries(cases))
    test(`${JSON.stringify(pattern)} lets exactly the keys through that it matches`, () => {
      using topic = new Topic<string>();
      using subscription = topic.subscribe(pattern);
      assert.equal(subscription.pattern, pattern);
      for (const key of [...yes, ...no]) topic.tryPublish(key, { key });
      const got: string[] = [];
      for (let value = subscription.tryTake(); value; value = subscription.tryTake()) {
        assert.equal(value.key, value.value);
        got.push(value.key);
      }
      assert.deepEqual(got, yes);
    });

  test("random patterns match what their definition says, word by word", (t) => {
    const seed = chooseSeed();
    t.diagnostic(`INTERPROC_SEED=${seed}`);
    const random = new SeededRandom(seed);
    const words = (from: readonly string[]): string[] =>
      Array.from({ length: 1 + random.below(6) }, () => random.pick(from));
    for (let turn = 0; turn < 20_000; turn++) {
      const pattern = words(["a", "b", "", "*", "#", "#"]);
      const key = words(["a", "b", ""]);
      assert.equal(
        keyPattern(pattern.join("."), "test")(key.join(".")),
        isMatch(wordsOf(pattern.join(".")), wordsOf(key.join("."))),
        `${pattern.join(".")} and ${key.join(".")}, INTERPROC_SEED=${seed}`,
      );
    }
  });

  test("without a key a message has the empty one", () => {
    using topic = new Topic<number>();
    using all = topic.subscribe();
    using none = topic.subscribe("");
    using one = topic.subscribe("*");
    topic.tryPublish(1);
    topic.tryPublish(2, { key: "" });
    topic.tryPublish(3, { key: undefined });
    assert.deepEqual([all.tryTake()?.key, all.tryGet(), all.tryGet()], ["", 2, 3]);
    assert.deepEqual([none.tryGet(), none.tryGet(), none.tryGet()], [1, 2, 3]);
    assert.equal(one.tryGet(), undefined);
  });

  test("keys and patterns have up to 255 bytes, of whatever characters", () => {
    using topic = new Topic<number>();
    const key = `${"ä".repeat(126)}.🙂`.slice(0, 127); // 253 bytes
    for (const one of ["k".repeat(255), `${key.slice(0, 126)}.aa`, `${".".repeat(255)}`]) {
      using exact = topic.subscribe(one);
      using any = topic.subscribe();
      topic.tryPublish(7, { key: one });
      assert.deepEqual([exact.tryTake()?.key, any.tryTake()?.key], [one, one]);
    }
    for (const bad of ["k".repeat(256), "ä".repeat(128)]) {
      assert.throws(() => topic.tryPublish(1, { key: bad }), codes.usage);
      assert.throws(() => topic.publishSync(1, { key: bad }), codes.usage);
      assert.throws(() => topic.subscribe(bad), codes.usage);
    }
  });

  test("a key that is no string, and a pattern that is none, are a UsageError in every form", async () => {
    using topic = new Topic<number>();
    for (const bad of [5, null, {}, Buffer.from("a")]) {
      const key = bad as string;
      assert.throws(() => topic.tryPublish(1, { key }), codes.usage);
      assert.throws(() => topic.publishSync(1, { key }), codes.usage);
      await assert.rejects(topic.publish(1, { key }), codes.usage);
      assert.throws(() => topic.subscribe(key), codes.usage);
    }
    for (const pattern of ["a*", "*a.b", "a.#b", "**", "##", "a.b#"])
      assert.throws(() => topic.subscribe(pattern), { ...codes.usage, message: /allowed: \* and #/ });
    assert.equal(topic.subscribers, 0);
  });
});
