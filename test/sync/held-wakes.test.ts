import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { now } from "#src/deadline.js";
import { HeldWakes, MADE_ROOM } from "#src/sync/held-wakes.js";

/** A parker whose only other thread is asleep when it is told to be. */
class OneReceiver {
  readonly holding = new Set<{ flush(): void }>();
  asleep = true;
  woken = 0;
  wake(): void {
    this.woken++;
  }
}

describe("held wakes", () => {
  let receiver: OneReceiver;
  let wakes: HeldWakes;
  const send = (pressing = false): void => {
    wakes.count();
    wakes.tell(pressing);
  };
  /** Messages one behind the other, so that the last finds the receiver asleep again. */
  const burst = (): void => {
    receiver.asleep = true;
    send();
    receiver.asleep = false;
    for (let i = 0; i < 10; i++) wakes.count();
    receiver.asleep = true;
    receiver.woken = 0;
    send();
  };

  beforeEach(() => {
    receiver = new OneReceiver();
    wakes = new HeldWakes(
      receiver,
      () => receiver.wake(),
      () => receiver.asleep,
    );
  });

  test("a message that comes alone is told at once", async () => {
    for (let i = 1; i <= 5; i++) {
      send();
      assert.equal(receiver.woken, i);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  test("in a burst the wake is held, and given when the loop turns", async () => {
    burst();
    assert.equal(receiver.woken, 0);
    assert.equal(receiver.holding.size, 1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(receiver.woken, 1);
    assert.equal(receiver.holding.size, 0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(receiver.woken, 1, "and given once");
  });

  test("it is given before this thread waits itself", () => {
    burst();
    for (const held of receiver.holding) held.flush();
    assert.equal(receiver.woken, 1);
    assert.equal(receiver.holding.size, 0);
  });

  test("it is given by the first messages after the time", () => {
    const from = now();
    burst();
    while (receiver.woken === 0 && now() - from < 1000) send();
    assert.equal(receiver.woken, 1);
    assert.ok(now() - from >= 0.02, "held for a while");
  });

  test("when much lies there already it is given at once", () => {
    burst();
    send(true);
    assert.equal(receiver.woken, 1);
  });

  test("a receiver that is awake or asleep in a call is told at once", () => {
    burst();
    wakes.flush();
    receiver.asleep = false;
    receiver.woken = 0;
    send();
    assert.equal(receiver.woken, 1, "the parker decides what that takes");
  });

  test("room that is made in a burst is told of when half is free, and room made alone at once", async () => {
    const room = new HeldWakes(
      receiver,
      () => receiver.wake(),
      () => receiver.asleep,
      MADE_ROOM,
    );
    const make = (halfIsFree: boolean): void => {
      room.count();
      room.tell(halfIsFree);
    };
    make(false);
    assert.equal(receiver.woken, 1, "alone");
    const burst = (): void => {
      for (let i = 0; i < 10_000; i++) room.count(); // as fast as no machine is slow
      make(false);
    };
    burst();
    assert.equal(receiver.woken, 1, "in a burst");
    make(true);
    assert.equal(receiver.woken, 2, "half is free");
    burst();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(receiver.woken, 3, "when the loop turns");
    assert.equal(receiver.holding.size, 0);
  });
});
