import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import * as errors from "#src/errors.js";
import { projectRoot } from "./project-root.js";

const { errorKinds, InterprocError, NotFoundError, RemoteError, SystemError, TimeoutError, UsageError } = errors;
type ErrorClass = new (message: string, options?: errors.InterprocErrorOptions) => errors.InterprocError;
const kinds = Object.entries(errorKinds);
const classOf = (name: string) => (errors as unknown as Record<string, ErrorClass>)[name];

/** A second copy of the module, as a second copy of the package in one process has it. */
const copy = (await import(`${pathToFileURL(`${projectRoot}/build/src/errors.js`).href}?copy`)) as typeof errors;

describe("errors", () => {
  test("smoke: an error has a code, a sentence and what it was about", () => {
    const cause = new Error("deeper");
    const error = new TimeoutError("queue jobs: get() took 5 ms", { resource: "jobs", cause, undelivered: [1] });
    assert.equal(error.code, "ERR_INTERPROC_TIMEOUT");
    assert.equal(error.message, "queue jobs: get() took 5 ms");
    assert.equal(error.resource, "jobs");
    assert.equal(error.cause, cause);
    assert.deepEqual(error.undelivered, [1]);
    assert.equal(error.retryable, true);
  });

  for (const [code, kind] of kinds) {
    test(`${kind.class} has the code ${code} and keeps its name`, () => {
      const error = new (classOf(kind.class))("a sentence");
      assert.equal(error.code, code);
      assert.equal(error.name, kind.class);
      assert.equal(error.constructor.name, kind.class);
      assert.match(error.stack ?? "", new RegExp(`^${kind.class}: a sentence\n`));
      assert.equal(error.retryable, kind.retryable === true);
      assert.ok(error instanceof InterprocError && error instanceof Error);
    });

    test(`${kind.class} of another copy of the package is recognised, and no other class of it`, () => {
      const theirs = new ((copy as unknown as Record<string, ErrorClass>)[kind.class] as ErrorClass)("theirs");
      assert.notEqual(theirs.constructor, classOf(kind.class));
      const recognised = kinds.filter(([, other]) => theirs instanceof classOf(other.class));
      assert.deepEqual(recognised, [[code, kind]]);
      assert.ok(theirs instanceof InterprocError);
    });
  }

  test("something else is not recognised by its code alone", () => {
    const lookalike: unknown = { code: "ERR_INTERPROC_TIMEOUT", message: "" };
    assert.ok(!(lookalike instanceof TimeoutError));
    assert.ok(!(Object.assign(new Error(""), { code: "ENOENT" }) instanceof InterprocError));
    assert.ok(!((null as unknown) instanceof InterprocError));
  });

  test("a class that a user derives has its parent's code and an instanceof of its own", () => {
    class NoSuchJobError extends NotFoundError {}
    const error = new NoSuchJobError("no such job");
    assert.equal(error.code, "ERR_INTERPROC_NOT_FOUND");
    assert.ok(error instanceof NoSuchJobError && error instanceof NotFoundError);
    assert.ok(!(new NotFoundError("other") instanceof NoSuchJobError));
  });

  test("instanceof narrows the type", () => {
    const error: unknown = new SystemError("full", { errno: "ENOSPC", syscall: "fallocate" });
    assert.ok(error instanceof SystemError);
    const { errno, syscall } = error;
    assert.deepEqual([errno, syscall], ["ENOSPC", "fallocate"]);
  });

  test("a SystemError is retryable when its cause is one that passes", () => {
    assert.equal(new SystemError("", { errno: "EMFILE" }).retryable, true);
    assert.equal(new SystemError("", { errno: "EACCES" }).retryable, false);
    assert.equal(new SystemError("").retryable, false);
  });

  test("a RemoteError keeps both stacks, and the name and the code of what was thrown", () => {
    const options = { remoteName: "RangeError", remoteStack: "RangeError: x\n    at there", remoteCode: "E_RANGE" };
    const error = new RemoteError("x", options);
    assert.equal(error.remoteName, "RangeError");
    assert.equal(error.remoteStack, options.remoteStack);
    assert.equal(error.remoteCode, "E_RANGE");
    assert.match(error.stack ?? "", /errors\.test/);
  });

  test("printed, an error shows its code and nothing that is undefined", () => {
    const printed = inspect(new UsageError("a sentence"));
    assert.match(printed, /code: 'ERR_INTERPROC_USAGE'/);
    assert.doesNotMatch(printed, /undefined|undelivered|retryable/);
  });

  test("docs/errors.md lists each code with its class, whether it is retryable, and its sentence", () => {
    const rows = readFileSync(`${projectRoot}/docs/errors.md`, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")));
    const documented = rows.map(([, code, name, retryable, sentence]) => [code, name, retryable, sentence]);
    const words = { true: "yes", false: "no", errno: "by errno" };
    const expected = kinds.map(([code, kind]) => [code, kind.class, words[`${kind.retryable}`], kind.sentence]);
    assert.deepEqual(documented, expected);
    for (const [, code, , , , advice] of rows) assert.ok(advice.length > 10, `${code} says what to do`);
  });
});
