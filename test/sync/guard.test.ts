import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProtocolError } from "#src/errors.js";
import { Guard } from "#src/sync/guard.js";
import { guardHead } from "#src/sync/guard.layout.js";
import { Table } from "./table-seat.js";

describe("guard", () => {
  test("smoke: one is inside, the next one comes in when it has left, and is woken for it", () => {
    const table = new Table(guardHead.bytes);
    let woken = 0;
    const [first, second] = [0, 1].map((index) => {
      return new Guard(
        table.seat(index),
        0,
        () => assert.fail("nobody died"),
        () => woken++,
      );
    });
    assert.equal(first.tryEnter(), true);
    assert.equal(second.tryEnter(), false);
    first.leave();
    assert.equal(woken, 1);
    assert.equal(second.tryEnter(), true);
    second.leave();
    assert.equal(woken, 1, "nobody wanted it meanwhile");
  });

  test("who finds its holder dead repairs before anything else, once", () => {
    const table = new Table(guardHead.bytes);
    const repairs: number[] = [];
    const guards = [0, 1, 2].map((index) => {
      return new Guard(
        table.seat(index),
        0,
        () => repairs.push(index),
        () => undefined,
      );
    });
    assert.equal(guards[0].tryEnter(), true);
    assert.equal(guards[1].isLeftByDead, false);
    table.dead.add(table.seat(0).self);
    assert.equal(guards[1].isLeftByDead, true);
    assert.equal(guards[1].tryEnter(), true);
    guards[1].leave();
    assert.equal(guards[2].tryEnter(), true);
    assert.deepEqual(repairs, [1]);
  });

  test("what cannot be repaired is an error for each that comes, and nobody waits for the one that tried", () => {
    const table = new Table(guardHead.bytes);
    const guards = [0, 1, 2].map((index) => {
      return new Guard(
        table.seat(index),
        0,
        () => {
          throw new ProtocolError("two items share a block");
        },
        () => undefined,
      );
    });
    assert.equal(guards[0].tryEnter(), true);
    table.dead.add(table.seat(0).self);
    for (const guard of [guards[1], guards[2], guards[1]]) assert.throws(() => guard.enter(), ProtocolError);
  });
});
