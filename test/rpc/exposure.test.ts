import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expose, pipe, remote } from "interproc";
import { watchdog } from "../processes/running.js";
import { joined } from "./joined.js";

class Base {
  inherited(): string {
    return "inherited";
  }
}

class Service extends Base {
  static made = (): string => "static";
  readonly database = { drop: () => "dropped" };
  readonly arrow = (): string => "a field";
  ran = false;
  method(): string {
    return "method";
  }
  get getter(): () => string {
    this.ran = true;
    return () => "behind a getter";
  }
  _hidden(): string {
    return "hidden";
  }
}

describe("only what was exposed can be called", watchdog, () => {
  const service = new Service();
  const plain = {
    ok: () => "ok",
    _private: () => "private",
    "#private": () => "private",
    value: 5,
    list: [() => "in a list"],
    nothing: null,
    nested: { inner: () => "inner", _secret: { out: () => "out" } },
    toJSON: () => "json",
    service,
    fn: Object.assign(() => "fn", { part: () => "a function's own" }),
    map: new Map([["key", "secret"]]),
    get computed() {
      service.ran = true;
      return () => "computed";
    },
  };
  Object.defineProperty(plain, "unlisted", { value: () => "not enumerable" });
  for (const name of ["then", "__proto__"]) Object.defineProperty(plain, name, { value: () => name, enumerable: true });

  const allowed: [path: string, value: unknown][] = [
    ["ok", "ok"],
    ["nested.inner", "inner"],
    ["service.method", "method"],
    ["service.inherited", "inherited"],
    ["fn", "fn"],
  ];
  for (const [index, [path, value]] of allowed.entries())
    test(`${index === 0 ? "smoke: " : ""}${path} can`, async () => {
      assert.equal(await callByPath(path.split(".")), value);
    });

  const refused = [
    "_private #private value list list.0 list.length list.push nothing nothing.x nested nested._secret.out then toJSON",
    "constructor constructor.constructor __proto__ __proto__.ok prototype hasOwnProperty isPrototypeOf toString valueOf",
    "__defineGetter__ __defineSetter__ __lookupGetter__ toLocaleString propertyIsEnumerable apply call bind caller",
    "arguments name length fn.call fn.apply fn.bind fn.part fn.constructor map.get map.size map.forEach computed",
    "unlisted service service.database.drop service.arrow service.getter service._hidden service.constructor",
    "service.constructor.made service.__proto__.method service.ran missing nested.missing ok.ok ok.constructor",
  ].flatMap((line) => line.split(" "));
  for (const path of refused)
    test(`${path} cannot`, async () => {
      await assert.rejects(callByPath(path.split(".")), {
        code: "ERR_INTERPROC_REMOTE",
        remoteName: "UsageError",
        message:
          /is not exposed; exposed: (.*ok.*nested\.inner.*service\.method|nested\.inner$|service\.method|nothing)/,
      });
      assert.equal(service.ran, false, "a getter ran");
    });

  test("with Symbols, empty and over-long paths out of the question", async () => {
    for (const target of [[], Array.from({ length: 17 }, () => "a"), [5], ["ok", null], {}, null, -1, 1.5]) {
      const [near, far] = pipe<unknown>();
      const exposed = expose(far, plain);
      near.trySend([1, 0, target, []]);
      await exposed.closed;
      near.close();
    }
  });

  test("and an error names what was asked for and what there is, shortened when it is much", async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`method${n}`, () => n]));
    using both = joined(many as Record<string, () => number>);
    await assert.rejects(both.api.other(), { message: /other is not exposed; exposed: method0, .*…$/ });
    const [near, far] = pipe();
    const empty = remote<Record<string, () => void>>(near);
    const nothing = remote<Record<string, () => void>>(far);
    await assert.rejects(empty.x(), { message: /exposes nothing/ });
    await assert.rejects(nothing.x(), { message: /exposes nothing/ });
    near.close();
    far.close();
  });

  /** Calls what the names lead to, also those that the remote object itself does not let through. */
  async function callByPath(path: readonly string[]): Promise<unknown> {
    using both = joined(plain);
    return await both.caller.call(path.length === 1 ? path[0] : path, [], undefined);
  }
});
