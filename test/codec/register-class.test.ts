import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { registerClass } from "#src/codec.js";
import { CodecError, UsageError } from "#src/errors.js";
import { decoded, encoded, roundTrip } from "./round-trip.js";

class Point {
  constructor(
    readonly x = 0,
    readonly y = 0,
  ) {}
  get length(): number {
    return Math.hypot(this.x, this.y);
  }
}
registerClass(Point);

class Node {
  next: Node | undefined;
  peers = new Map<string, Node>();
  constructor(readonly name: string) {}
}
registerClass(Node, { name: "test.Node" });

class Temperature {
  #kelvin: number;
  constructor(kelvin: number) {
    this.#kelvin = kelvin;
  }
  get kelvin(): number {
    return this.#kelvin;
  }
  static readonly options = {
    getState: (temperature: Temperature) => temperature.#kelvin,
    setState: (state: unknown) => new Temperature(Number(state)),
  };
}
registerClass(Temperature, Temperature.options);

class NotFound extends RangeError {
  override name = "NotFound";
  constructor(readonly id: number) {
    super(`no ${id}`, { cause: { id } });
  }
}
registerClass(NotFound);

describe("registerClass", () => {
  test("smoke: an instance arrives as an instance", () => {
    const arrived = roundTrip({ at: new Point(3, 4) });
    assert.ok(arrived.at instanceof Point);
    assert.equal(arrived.at.length, 5);
    assert.deepEqual(arrived.at, new Point(3, 4));
  });

  test("the constructor does not run on arrival", () => {
    let runs = 0;
    class Counted {
      a = 1;
      constructor() {
        runs++;
      }
    }
    registerClass(Counted);
    const value = new Counted();
    assert.ok(roundTrip(value) instanceof Counted);
    assert.equal(runs, 1);
  });

  test("cycles and shared references through instances are kept", () => {
    const [a, b] = [new Node("a"), new Node("b")];
    a.next = b;
    b.next = a;
    a.peers.set("b", b);
    const [first, second] = roundTrip([a, b]);
    assert.ok(first instanceof Node && second instanceof Node);
    assert.equal(first.next, second);
    assert.equal(second.next, first);
    assert.equal(first.peers.get("b"), second);
  });

  test("a message names each class once", () => {
    const points = Array.from({ length: 100 }, (_, i) => new Point(i, -i));
    assert.deepEqual(roundTrip(points), points);
    assert.equal(Buffer.from(encoded(points)).toString("latin1").split("Point").length, 2);
  });

  test("getState and setState decide what travels", () => {
    const arrived = roundTrip([new Temperature(300)]);
    assert.ok(arrived[0] instanceof Temperature);
    assert.equal(arrived[0].kelvin, 300);
  });

  test("an instance met again is the same one, with setState too", () => {
    const one = new Temperature(1);
    const [a, b] = roundTrip([one, one]);
    assert.equal(a, b);
  });

  test("getState alone gives the properties", () => {
    class Session {
      user = "me";
      socket: unknown = () => {};
    }
    const shared = { list: [1] };
    registerClass(Session, { getState: ({ user }) => ({ user, socket: shared }) });
    const arrived = roundTrip({ session: new Session(), shared });
    assert.ok(arrived.session instanceof Session);
    assert.deepEqual({ ...arrived.session }, { user: "me", socket: { list: [1] } });
    assert.equal(arrived.session.socket, arrived.shared);
  });

  test("a getState that gives no plain object needs setState", () => {
    class Odd {}
    registerClass(Odd, { getState: () => [1] });
    assert.throws(() => encoded({ odd: new Odd() }), /getState of class Odd gave no plain object, at value\.odd/);
  });

  test("setState alone gets the properties", () => {
    class Frozen {
      constructor(readonly values: readonly number[]) {
        Object.freeze(this);
      }
    }
    registerClass(Frozen, { setState: (state) => new Frozen((state as { values: number[] }).values) });
    const arrived = roundTrip(new Frozen([1, 2]));
    assert.ok(arrived instanceof Frozen && Object.isFrozen(arrived));
    assert.deepEqual(arrived.values, [1, 2]);
  });

  test("a state that contains its own instance is refused when setState has to make it", () => {
    class Loop {
      me: unknown;
    }
    registerClass(Loop, { setState: () => new Loop() });
    const loop = new Loop();
    loop.me = [loop];
    assert.throws(
      () => encoded({ loop }),
      /the state of an instance contains the instance, at value\.loop\.getState\(\)\.me\[0\]/,
    );
  });

  test("a registered error arrives as one, with all its properties", () => {
    const arrived = roundTrip(new NotFound(7));
    assert.ok(arrived instanceof NotFound && arrived instanceof RangeError);
    assert.deepEqual([arrived.message, arrived.name, arrived.id, arrived.cause], ["no 7", "NotFound", 7, { id: 7 }]);
    assert.match(arrived.stack ?? "", /register-class\.test/);
    assert.deepEqual(Object.keys(arrived).sort(), ["id", "name"]);
    assert.match(Object.prototype.toString.call(arrived), /Error/);
  });

  test("a class that extends a built-in one works with getState and setState", () => {
    class Tags extends Set<string> {}
    registerClass(Tags, { getState: (tags) => [...tags], setState: (state) => new Tags(state as string[]) });
    const arrived = roundTrip({ tags: new Tags(["a", "b"]) });
    assert.ok(arrived.tags instanceof Tags);
    assert.deepEqual([...arrived.tags], ["a", "b"]);
  });

  test("a class that somebody else defined can be registered", () => {
    registerClass(URL, { getState: String, setState: (state) => new URL(String(state)) });
    assert.equal(roundTrip([new URL("http://a/b")])[0].pathname, "/b");
  });

  test("a setter on the prototype and a property called __proto__ are not called on arrival", () => {
    class Guarded {
      declare value: number;
    }
    Object.defineProperty(Guarded.prototype, "value", { set: () => assert.fail("called") });
    registerClass(Guarded);
    const instance = new Guarded();
    Object.defineProperty(instance, "value", { value: 1, enumerable: true });
    Object.defineProperty(instance, "__proto__", { value: 2, enumerable: true });
    const arrived = roundTrip(instance);
    assert.ok(arrived instanceof Guarded);
    assert.deepEqual(Object.entries(arrived), [
      ["value", 1],
      ["__proto__", 2],
    ]);
  });

  test("what getState throws is the caller's, what setState throws is the cause of a CodecError", () => {
    class Faulty {
      constructor(readonly side: "get" | "set") {}
    }
    const mine = new Error("mine");
    const fail = (when: boolean): void => {
      if (when) throw mine;
    };
    registerClass(Faulty, {
      getState: ({ side }) => {
        fail(side === "get");
        return side;
      },
      setState: (side) => {
        fail(side === "set");
        return new Faulty("get");
      },
    });
    assert.throws(
      () => encoded(new Faulty("get")),
      (error) => error === mine,
    );
    const message = encoded([new Faulty("set")]);
    assert.throws(
      () => decoded(message),
      (error) => error instanceof CodecError && error.cause === mine,
    );
  });

  test("a class that the receiver does not know is a CodecError that names it", () => {
    const message = encoded(new Point(1, 2));
    message.set(new TextEncoder().encode("Pojnt"), Buffer.from(message).indexOf("Point"));
    assert.throws(
      () => decoded(message),
      /an instance of class "Pojnt", which is not registered here; import the module that calls registerClass for it/,
    );
  });

  test("a class that extends a registered one is not registered by that", () => {
    class Point3 extends Point {}
    assert.throws(() => encoded(new Point3()), /an instance of class Point3 cannot be sent/);
  });

  test("registering the same class again is allowed, another one under its name is not", () => {
    registerClass(Point);
    const Other = { Point: class Point {} }.Point;
    assert.throws(() => registerClass(Other), {
      name: "UsageError",
      message: /another class is registered as "Point"/,
    });
    registerClass(Other, { name: "Other.Point" });
    assert.ok(roundTrip(new Other()) instanceof Other);
    assert.throws(
      () => registerClass(Other, { name: "third" }),
      /registered as "Other\.Point" already, not as "third"/,
    );
  });

  test("what is no class of the user's is a UsageError", () => {
    class Dates extends Date {}
    const wrong: [unknown, RegExp][] = [
      [class {}, /needs a name of 1 to 255 characters, not ""/],
      [() => {}, /the first argument is a class/],
      [5, /the first argument is a class, not 5/],
      [Map, /Map is built in/],
      [Object, /Object is built in/],
      [Error, /Error is built in/],
      [TypeError, /TypeError is built in/],
      [Float64Array, /Float64Array is built in/],
      [Buffer, /Buffer is built in/],
      [Promise, /Promise is built in; its values travel without registration, or not at all/],
      [Intl.Collator, /Collator is a class whose state is not in properties/],
      [Dates, /Dates extends Date, whose state is not in properties; set options\.getState and options\.setState/],
    ];
    for (const [type, message] of wrong) {
      assert.throws(
        () => registerClass(type as new () => object),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    }
    assert.throws(() => registerClass(class A {}, { name: "n".repeat(256) }), UsageError);
  });
});
