import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { FORMAT_VERSION, structuredTags, TAG, TAG_COUNT } from "#src/codec/structured.layout.js";
import { projectRoot } from "../project-root.js";
import { formatPage } from "./format-page.js";
import { encoded } from "./round-trip.js";

describe("structured: the format", () => {
  test("smoke: the bytes of a small object are these", () => {
    const message = encoded({ id: 1, name: "job 1", ok: true });
    const key = (text: string): number[] => [text.length * 2, ...Buffer.from(text)];
    const keys = [...key("id"), ...key("name"), ...key("ok")];
    const value = [TAG.shape, 3, keys.length, ...keys, 1, TAG.shortLatin1 + 5, ...Buffer.from("job 1"), TAG.true];
    assert.deepEqual([...message], [FORMAT_VERSION << 4, ...value]);
  });

  test("the second object of a shape has no keys", () => {
    const one = encoded([{ id: 1, name: "a" }]).length;
    const two = encoded([
      { id: 1, name: "a" },
      { id: 2, name: "b" },
    ]).length;
    assert.equal(two - one, 4);
  });

  test("tags follow each other without gaps and fit a byte", () => {
    let next = 0;
    for (const [name, [tags]] of Object.entries(structuredTags)) {
      assert.equal(TAG[name as keyof typeof TAG], next);
      next += tags;
    }
    assert.equal(TAG_COUNT, next);
    assert.ok(next <= 0x100);
  });

  test("buffers begin at multiples of 8 bytes from the message's start", () => {
    const mark = new Float64Array([12.125]);
    for (let shift = 0; shift < 9; shift++) {
      const message = Buffer.from(encoded(["x".repeat(shift), mark]));
      assert.equal(message.indexOf(Buffer.from(mark.buffer)) % 8, 0);
    }
  });

  test("docs/formats/structured.md equals the tables", () => {
    assert.equal(readFileSync(`${projectRoot}/docs/formats/structured.md`, "utf8"), formatPage());
  });
});
