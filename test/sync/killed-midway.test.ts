import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Notices } from "#src/sync/notices.js";
import { conditionLock } from "#src/sync/notices.layout.js";
import { OwnedPermits } from "#src/sync/owned-permits.js";
import { permitsBytes, permitsHead } from "#src/sync/permits.layout.js";
import { ReadWriteLock } from "#src/sync/read-write-lock.js";
import { readWriteBytes, readWriteRow, readWriteRows } from "#src/sync/read-write-lock.layout.js";
import { Rendezvous } from "#src/sync/rendezvous.js";
import { rendezvousBytes, rendezvousHead } from "#src/sync/rendezvous.layout.js";
import { killedAtEveryAccess, Table } from "./table-seat.js";

function around<T>(bytes: number, make: (seat: ReturnType<Table["seat"]>) => T, first: Record<number, number> = {}) {
  const table = new Table(bytes);
  for (const [word, value] of Object.entries(first)) table.memory[Number(word)] = value;
  const victim = table.seat(0);
  const parts = [make(victim), ...[1, 2, 3].map((index) => make(table.seat(index)))];
  return { table, victim, parts };
}

const permits = () =>
  around(permitsBytes(4), (seat) => new OwnedPermits(seat, 0), {
    [permitsHead.word.free]: 3,
    [permitsHead.word.total]: 3,
  });
const notices = () => around(conditionLock(4) * 4, (seat) => new Notices(seat, 0));
const barrier = () =>
  around(rendezvousBytes(4), (seat) => new Rendezvous(seat, 0), {
    [rendezvousHead.word.parties]: 3,
    [rendezvousHead.word.cycle]: -1,
  });
const readWrite = () => around(readWriteBytes(4), (seat) => new ReadWriteLock(seat, 0));

describe("a party killed at every access in turn", () => {
  test("smoke: of a semaphore it had taken from and given to leaves every permit that others do not hold", () => {
    const deaths = killedAtEveryAccess(
      permits,
      ({ parts: [victim, other] }) => {
        assert.ok(other.tryTake());
        victim.tryTake();
        victim.tryTake();
        victim.give(1, 0);
        victim.give(1, 1);
        victim.tryTake();
      },
      ({ table, parts: [, other, third] }) => {
        const total = table.memory[permitsHead.word.total];
        const held = other.holders().length === 0 && third.holders().length === 0 ? 0 : 1;
        assert.ok(total === 3 || total === 4);
        assert.equal(third.value, total - held);
        for (let taken = held; taken < total; taken++) assert.ok(third.tryTakeOver());
        assert.equal(third.tryTakeOver(), false);
      },
    );
    assert.ok(deaths > 40);
  });

  test("who gives back what a dead one held, and is killed, loses and doubles nothing", () => {
    killedAtEveryAccess(
      () => {
        const world = permits();
        const holder = world.parts[1];
        holder.tryTake();
        holder.tryTake();
        world.table.dead.add(holder.seat.self);
        return world;
      },
      ({ parts: [victim] }) => void victim.value,
      ({ parts: [, , third] }) => {
        assert.equal(third.value, 3);
        for (let taken = 0; taken < 3; taken++) assert.ok(third.tryTakeOver());
        assert.equal(third.tryTakeOver(), false);
      },
    );
  });

  test("who notifies one of two waiters has told one of them or none, and the next notice goes on from there", () => {
    killedAtEveryAccess(
      () => {
        const world = notices();
        return { ...world, tickets: [world.parts[1].begin(), world.parts[2].begin()] };
      },
      ({ parts: [victim] }) => victim.notify(1),
      ({ parts: [, first, second, third], tickets }, isDone) => {
        const told = Number(first.take(tickets[0])) + Number(second.take(tickets[1]));
        assert.ok(told === 1 || (told === 0 && !isDone));
        third.notifyAll();
        const rest = Number(first.take(tickets[0])) + Number(second.take(tickets[1]));
        assert.equal(told + rest, 2);
      },
    );
  });

  test("a waiter that was notified leaves the notice to another, unless it had taken it", () => {
    killedAtEveryAccess(
      () => {
        const world = notices();
        const tickets = [0, 1].map((index) => world.parts[index].begin());
        world.parts[3].notify(1);
        return { ...world, tickets, late: world.parts[2].begin() };
      },
      ({ parts: [victim], tickets }) => void victim.take(tickets[0]),
      ({ parts: [, first, second, third], tickets, late }, isDone) => {
        first.settle();
        const told = first.take(tickets[1]);
        assert.ok(!(told && isDone));
        second.settle();
        assert.equal(second.take(late), false, "it began after the notice");
        third.notifyAll();
        assert.deepEqual([first.take(tickets[1]), second.take(late)], [!told, true]);
      },
    );
  });

  test("who passes a dead waiter's notice on and is killed does not lose it", () => {
    killedAtEveryAccess(
      () => {
        const world = notices();
        const tickets = [1, 0, 2].map((index) => world.parts[index].begin());
        world.parts[3].notify(1);
        world.table.dead.add(world.parts[1].seat.self);
        return { ...world, tickets };
      },
      ({ parts: [victim] }) => victim.settle(),
      ({ parts: [, , second], tickets }) => {
        second.settle();
        assert.equal(second.take(tickets[2]), true);
      },
    );
  });

  test("who begins to wait or gives it up leaves the others' turns as they are", () => {
    killedAtEveryAccess(
      notices,
      ({ parts: [victim, first] }) => {
        const ticket = victim.begin();
        first.begin();
        victim.cancel(ticket, false);
      },
      ({ parts: [, first, second, third] }) => {
        const ticket = second.begin();
        third.notify(2);
        first.settle();
        assert.equal(second.take(ticket), true);
      },
    );
  });

  test("a barrier's last party leaves all others with the same answer, and the next time is exact", () => {
    killedAtEveryAccess(
      () => {
        const world = barrier();
        return { ...world, cycles: [1, 2].map((index) => cycleOf(world.parts[index])) };
      },
      ({ parts: [victim] }) => {
        const arrival = victim.arrive();
        assert.ok(typeof arrival === "object" && arrival.isLast);
        victim.complete(arrival.cycle);
      },
      ({ parts: [, first, second, third], cycles }, isDone) => {
        first.settle();
        const ends = [first.endOf(cycles[0]), second.endOf(cycles[1])];
        assert.equal(ends[0], ends[1]);
        if (isDone) assert.equal(ends[0], "passed");
        if (ends[0] === undefined) {
          assert.deepEqual([third.waiting, third.isBroken], [2, false], "it had not arrived");
          const arrival = third.arrive();
          assert.ok(typeof arrival === "object" && arrival.isLast && third.complete(arrival.cycle));
          assert.deepEqual([first.endOf(cycles[0]), second.endOf(cycles[1])], ["passed", "passed"]);
        }
        third.reset();
        const again = [first, second, third].map(cycleOf);
        assert.ok(third.complete(again[2]));
        assert.equal(first.endOf(again[0]), "passed");
      },
    );
  });

  test("who breaks or resets a barrier leaves nobody waiting for what is over", () => {
    for (const act of ["abort", "reset"] as const)
      killedAtEveryAccess(
        () => {
          const world = barrier();
          return { ...world, cycles: [1, 2].map((index) => cycleOf(world.parts[index])) };
        },
        ({ parts: [victim] }) => victim[act](),
        ({ parts: [, first, second, third], cycles }, isDone) => {
          first.settle();
          const ends = [first.endOf(cycles[0]), second.endOf(cycles[1])];
          assert.equal(ends[0], ends[1]);
          assert.ok(ends[0] === "broken" || (ends[0] === undefined && !isDone));
          third.abort();
          assert.deepEqual([first.endOf(cycles[0]), second.endOf(cycles[1])], ["broken", "broken"]);
          third.reset();
          const again = [first, second, third].map(cycleOf);
          assert.ok(third.complete(again[2]));
          assert.deepEqual([first.endOf(again[0]), first.endOf(cycles[0])].at(0), "passed");
        },
      );
  });

  test("a writer leaves the lock free, and abandoned unless it had not taken or had given it back", () => {
    killedAtEveryAccess(
      readWrite,
      ({ parts: [victim] }) => {
        assert.ok(victim.tryTake("write"));
        victim.release("write");
      },
      ({ table, parts: [, first, second] }, isDone) => {
        const isWriting = table.memory[readWriteRows + readWriteRow.word.writes] !== 0;
        assert.ok(first.tryTakeOver("read"));
        assert.ok(second.tryTakeOver("read"));
        if (isDone) assert.equal(second.wasAbandoned, false);
        if (isWriting) assert.equal(second.wasAbandoned, true);
        first.release("read");
        second.release("read");
        assert.ok(second.tryTakeOver("write"));
        second.release("write");
        assert.ok(first.tryTakeOver("write"));
        assert.equal(first.wasAbandoned, false);
      },
    );
  });

  test("a reader, and one that waits to write, leave the lock free and not abandoned", () => {
    killedAtEveryAccess(
      readWrite,
      ({ parts: [victim] }) => {
        victim.tryTake("read");
        victim.tryTake("read");
        victim.release("read");
        const ticket = victim.begin("write");
        victim.cancel("write", ticket);
        victim.begin("write");
        victim.begin("read");
      },
      ({ parts: [, first, second] }) => {
        assert.ok(first.tryTakeOver("read"));
        assert.equal(first.readers, 1);
        first.release("read");
        assert.ok(second.tryTakeOver("write"));
        assert.equal(second.wasAbandoned, false);
      },
    );
  });
});

/** Arrives, not as the last one or so, and gives the cycle. */
function cycleOf(party: Rendezvous): number {
  const arrival = party.arrive();
  assert.ok(typeof arrival === "object");
  return arrival.cycle;
}
