import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ownerWord } from "#src/memory/owner.js";
import { EventWait, EventWord } from "#src/sync/event-word.js";
import { eventBytes, eventHead } from "#src/sync/event-word.layout.js";
import { Notices } from "#src/sync/notices.js";
import { conditionLock, noticesHead } from "#src/sync/notices.layout.js";
import { OwnedPermits } from "#src/sync/owned-permits.js";
import { MOST_PERMITS, type Permits } from "#src/sync/permits.js";
import { permitsBytes, permitsHead, permitsWaiters } from "#src/sync/permits.layout.js";
import { PlainPermits } from "#src/sync/plain-permits.js";
import { ReadWriteLock } from "#src/sync/read-write-lock.js";
import { readWriteBytes, readWriteHead } from "#src/sync/read-write-lock.layout.js";
import { Rendezvous } from "#src/sync/rendezvous.js";
import { rendezvousBytes, rendezvousHead } from "#src/sync/rendezvous.layout.js";
import type { Seat } from "#src/sync/seat.js";
import { Waiters } from "#src/sync/waiters.js";
import { waitersBytes, waitersHead } from "#src/sync/waiters.layout.js";
import { Table } from "./table-seat.js";

/** 2^32 - 2, as words have it. */
const NEAR_END = -2;

/** Four parties at one object whose words begin like that; and whom they wake, by seat. */
function around<T>(bytes: number, first: Readonly<Record<number, number>>, make: (seat: Seat) => T) {
  const table = new Table(bytes);
  for (const [word, value] of Object.entries(first)) table.memory[Number(word)] = value;
  const woken: number[] = [];
  const seats = [0, 1, 2, 3].map((index) => table.seat(index));
  const wake = (owner: number): boolean => woken.push(seats.findIndex(({ self }) => self === owner)) > 0;
  return { memory: table.memory, woken, parts: seats.map((seat) => make({ ...seat, wake })) };
}

describe("counters that pass 2^32", () => {
  test("smoke: waiters are woken in the order in which they came, and none has ticket 0", () => {
    const { memory, woken, parts } = around(waitersBytes(4), { [waitersHead.word.lastTicket]: NEAR_END }, (seat) => {
      return new Waiters(seat, 0, 0);
    });
    const waits = parts.map(() => ({}));
    for (const seat of [2, 0, 3]) parts[seat].arm(waits[seat]);
    assert.deepEqual(
      [2, 0, 3].map((seat) => memory[waitersHead.bytes / 4 + seat]),
      [-1, 1, 2],
    );
    assert.equal(parts[0].predecessor(), ownerWord(2, 1));
    for (const seat of [2, 0, 3]) {
      parts[1].wakeOldest();
      parts[seat].disarm(waits[seat]);
    }
    assert.deepEqual(woken, [2, 0, 3]);
  });

  test("notices go to those who have waited longest, and to no wait that began after them", () => {
    const { parts } = around(conditionLock(4) * 4, { [noticesHead.word.lastTicket]: NEAR_END }, (seat) => {
      return new Notices(seat, 0);
    });
    const [first, second, third, notifier] = parts;
    const tickets = [first.begin(), second.begin()];
    assert.deepEqual(tickets, [-1, 0]);
    notifier.notify(1);
    const late = third.begin();
    assert.equal(late, 1);
    assert.deepEqual([first.take(tickets[0]), second.take(tickets[1]), third.take(late)], [true, false, false]);
    notifier.notify(1);
    assert.deepEqual([third.take(late), second.take(tickets[1])], [false, true]);
    const again = first.begin();
    notifier.notifyAll();
    assert.deepEqual([first.take(again), third.take(late)], [true, true]);
  });

  test("a barrier's cycles end one after the other, passed or broken", () => {
    const head = rendezvousHead;
    const { memory, parts } = around(
      rendezvousBytes(4),
      { [head.word.parties]: 2, [head.word.cycle]: NEAR_END },
      (seat) => new Rendezvous(seat, 0),
    );
    const [first, last] = parts;
    const cycles: number[] = [];
    for (let round = 0; round < 4; round++) {
      const arrivals = [first.arrive(), last.arrive()];
      assert.ok(typeof arrivals[0] === "object" && typeof arrivals[1] === "object" && arrivals[1].isLast);
      const { cycle } = arrivals[0];
      cycles.push(cycle);
      assert.equal(first.endOf(cycle), undefined);
      if (round % 2 === 0) assert.ok(last.complete(cycle));
      else last.reset();
      assert.equal(first.endOf(cycle), round % 2 === 0 ? "passed" : "broken");
    }
    assert.deepEqual([cycles, memory[head.word.cycle]], [[-2, -1, 0, 1], 2]);
  });

  test("an event is set and cleared, and who waits misses neither", () => {
    const { memory, parts } = around(eventBytes(4), { [eventHead.word.turns]: NEAR_END }, (seat) => {
      return new EventWord(seat, 0);
    });
    const [waiting, setting] = parts;
    for (const [turns, after] of [
      [-2, 0],
      [0, 2],
    ]) {
      let isDone = false;
      assert.equal(waiting.turns, turns);
      const wait = new EventWait(waiting, turns, true, () => {
        isDone = true;
      });
      wait.arm();
      assert.equal(wait.attempt(), false);
      setting.set();
      assert.ok(setting.isSet);
      setting.clear();
      assert.deepEqual([setting.isSet, memory[eventHead.word.turns]], [false, after]);
      assert.ok(wait.attempt() && isDone);
      wait.disarm();
    }
  });

  test("those who wait for a read-write lock get it in the order in which they came", () => {
    const { parts } = around(readWriteBytes(4), { [readWriteHead.word.lastTicket]: NEAR_END }, (seat) => {
      return new ReadWriteLock(seat, 0);
    });
    const [holder, reader, writer, late] = parts;
    assert.ok(holder.tryTake("write"));
    const tickets = [reader.begin("read"), writer.begin("write"), late.begin("read")];
    assert.deepEqual(tickets, [-1, 0, 1]);
    holder.release("write");
    assert.deepEqual([late.tryTake("read", tickets[2]), writer.tryTake("write", tickets[1])], [false, false]);
    assert.ok(reader.tryTake("read", tickets[0]));
    assert.equal(late.tryTake("read", tickets[2]), false, "the writer came before it");
    reader.release("read");
    assert.ok(writer.tryTake("write", tickets[1]));
    writer.release("write");
    assert.ok(late.tryTake("read", tickets[2]));
  });

  test("who waits for a permit is woken in the order in which they came", () => {
    const { woken, parts } = around(
      permitsBytes(4),
      { [permitsWaiters + waitersHead.word.lastTicket]: NEAR_END, [permitsHead.word.total]: 0 },
      (seat) => new OwnedPermits(seat, 0),
    );
    const waits = parts.map(() => ({}));
    for (const seat of [3, 1, 2]) parts[seat].waiters.arm(waits[seat]);
    for (const seat of [3, 1, 2]) {
      assert.ok(parts[0].give(0, 1));
      assert.ok(parts[seat].tryTake());
      parts[seat].waiters.disarm(waits[seat]);
    }
    assert.deepEqual(woken, [3, 1, 2]);
  });

  const kinds: Record<string, (seat: Seat) => Permits> = {
    owned: (seat) => new OwnedPermits(seat, 0),
    plain: (seat) => new PlainPermits(seat, 0, false),
  };
  for (const [what, make] of Object.entries(kinds))
    test(`${what} permits never become more than 2^31 - 1`, () => {
      const near = { [permitsHead.word.free]: MOST_PERMITS - 1, [permitsHead.word.total]: MOST_PERMITS - 1 };
      const { parts } = around(permitsBytes(4), near, make);
      const [permits] = parts;
      assert.equal(permits.give(0, 2), false);
      assert.equal(permits.value, MOST_PERMITS - 1);
      assert.ok(permits.give(0, 1));
      assert.equal(permits.give(0, 1), false);
      assert.deepEqual([permits.value, permits.tryTake(), permits.value], [MOST_PERMITS, true, MOST_PERMITS - 1]);
    });
});
