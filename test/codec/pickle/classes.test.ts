import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { pickleCodec } from "#src/codec/pickle/pickle-codec.js";
import { PythonError } from "#src/codec/pickle/python-values.js";
import { CodecError } from "#src/errors.js";
import { projectRoot } from "../../project-root.js";
import { pythons } from "./pythons.js";

class Order {
  id = 0;
  parent: Order | null = null;
  me: Order = this;

  describe(): string {
    return `order ${this.id}`;
  }
}

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

class Colour {
  private constructor(readonly value: unknown) {}
  static readonly red = new Colour("red");
}

class Slotted {
  a = 0;
  b = "";
}

class Inner {
  n = 0;
}

function resize(): void {}

const codec = pickleCodec({
  globals: {
    "shop.Order": { class: Order },
    "shop.Colour": {
      class: Colour,
      create: () => Colour.red,
      getArguments: ({ value }: Colour) => [value],
    } as object as {
      class: typeof Object;
    },
    "shop.Point": {
      class: Point,
      create: (x, y) => new Point(Number(x), Number(y)),
      getArguments: ({ x, y }: Point) => [x, y],
    },
    "shop.OutOfStock": (...args) => new PythonError("shop", "OutOfStock", args),
    "shop.Slotted": { class: Slotted, getState: (one) => [null, { ...(one as Slotted) }] },
    "shop:Outer.Inner": { class: Inner },
    "shop.resize": { value: resize },
  },
});
const script = `${projectRoot}/test/codec/pickle/classes.py`;

describe("pickle: classes of one's own", () => {
  for (const python of pythons()) {
    test(`classes, enumerations, tuples with names, exceptions and functions of Python ${python.version.join(".")} go there and back`, () => {
      for (const protocol of python.version[1] >= 8 ? [0, 1, 2, 3, 4, 5] : [0, 1, 2, 3, 4]) {
        const sent = spawnSync(python.path, [script, "send", String(protocol)]);
        assert.equal(sent.status, 0, String(sent.stderr));
        const value = codec.decode(sent.stdout) as unknown[];
        const [order, colour, point, error, functions, slotted, inner] = value;
        assert.ok(order instanceof Order && order.me === order && order.parent instanceof Order);
        assert.equal(order.describe(), "order 1");
        assert.equal(colour, Colour.red);
        assert.deepEqual(point, new Point(1, 2.5));
        assert.ok(error instanceof PythonError && error.name === "OutOfStock");
        assert.deepEqual(error.args, ["nuts", 3]);
        assert.deepEqual(functions, [resize, resize, [resize, 1]]);
        if (protocol >= 2) assert.deepEqual(slotted, Object.assign(new Slotted(), { a: 1, b: "b" }));
        if (protocol >= 4) assert.deepEqual(inner, Object.assign(new Inner(), { n: 1 }));
        const input = codec.encode(value);
        const back = spawnSync(python.path, [script, "check", String(protocol)], { input });
        assert.equal(back.status, 0, String(back.stderr));
        const rest = [...(protocol >= 2 ? ["Slotted(1, 'b')"] : []), ...(protocol >= 4 ? ["Inner({'n': 1})"] : [])];
        assert.equal(back.stdout.toString(), `Order(1, Order(0, None, True), True) [${rest.join(", ")}]`);
      }
    });
  }

  test("what is registered in one codec is not in another", () => {
    const bytes = codec.encode([new Point(1, 2)]);
    assert.throws(() => pickleCodec().decode(bytes), /the global shop\.Point is not allowed; pickleCodec/);
    assert.throws(
      () => pickleCodec().encode([new Point(1, 2)]),
      /an instance of class Point cannot be sent.*"module\.Point"/,
    );
    assert.throws(() => pickleCodec().encode([resize]), CodecError);
  });

  test("what a user's function throws is the cause of a CodecError", () => {
    const failing = pickleCodec({
      globals: {
        "shop.Point": () => {
          throw new TypeError("no such point");
        },
      },
    });
    assert.throws(
      () => failing.decode(codec.encode(new Point(1, 2))),
      (error) => error instanceof CodecError && (error.cause as Error).message === "no such point",
    );
  });

  test("arguments without create(), and an odd state, are refused", () => {
    const plain = pickleCodec({ globals: { "shop.Point": { class: Point } } });
    assert.throws(() => plain.decode(codec.encode(new Point(1, 2))), /shop\.Point with arguments; give it create\(\)/);
    const odd = pickleCodec({ globals: { "shop.Point": { class: Point, getState: () => 5 } } });
    assert.throws(() => odd.decode(odd.encode(new Point(1, 2))), /a state of shop\.Point that is no dict/);
    const keys = pickleCodec({ globals: { "shop.Point": { class: Point, getState: () => new Map([[1, 2]]) } } });
    assert.throws(() => keys.decode(keys.encode(new Point(1, 2))), /a key that is no str/);
  });

  test("a state's __proto__ is a property, and the class stays", () => {
    const state = pickleCodec({
      globals: { "shop.Point": { class: Point, getState: () => JSON.parse('{"__proto__":{"x":1}}') } },
    });
    const point = state.decode(state.encode(new Point(1, 2))) as object;
    assert.equal(Object.getPrototypeOf(point), Point.prototype);
    assert.deepEqual(Object.getOwnPropertyDescriptor(point, "__proto__")?.value, { x: 1 });
  });

  test("a user's function may decode and encode meanwhile", () => {
    const outer: ReturnType<typeof pickleCodec> = pickleCodec({
      globals: {
        "shop.Point": {
          class: Point,
          create: (x, y) => outer.decode(outer.encode(new Map([[x, y]]))),
          getArguments: (point) => outer.decode(outer.encode([(point as Point).x, (point as Point).y])) as unknown[],
        },
      },
    });
    assert.deepEqual(outer.decode(outer.encode([new Point(1, 2), new Point(3, 4)])), [
      new Map([[1, 2]]),
      new Map([[3, 4]]),
    ]);
  });

  test("a user's function is not run on values that are read only to learn about dicts", () => {
    const seen: unknown[] = [];
    const own = pickleCodec({ globals: { "shop.see": (value) => seen.push(value) } });
    // a dict that contains itself and has another key, then a call
    const pickle = "(}q\x00(Vme\nh\x00K\x01Nucshop\nsee\n}Va\nK\x01s\x85Rt.";
    const [dict] = own.decode(Uint8Array.from(Buffer.from(pickle, "latin1"))) as Map<unknown, unknown>[];
    assert.ok(dict instanceof Map && dict.get("me") === dict);
    assert.deepEqual(seen, [{ a: 1 }]);
  });
});
