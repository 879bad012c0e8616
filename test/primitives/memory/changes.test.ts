import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { SharedValue } from "interproc";
import { attachmentEntry } from "#src/memory/object.layout.js";
import type { Segment } from "#src/memory/segment.js";
import { Words } from "#src/memory/words.js";
import type { Holding } from "#src/primitives/holding.js";
import { Changes, ChangeWait } from "#src/primitives/memory/changes.js";
import { valueBody } from "#src/primitives/memory/values.layout.js";
import { parker } from "#src/sync/parker.js";

/** Calls `between` before each access to the control words. */
class InterruptedWords extends Words {
  between: () => void = () => undefined;

  override load(index: number): number {
    this.between();
    return super.load(index);
  }

  override store(index: number, value: number): void {
    this.between();
    super.store(index, value);
  }

  override and(index: number, bits: number): number {
    this.between();
    return super.and(index, bits);
  }

  override or(index: number, bits: number): number {
    this.between();
    return super.or(index, bits);
  }
}

class Killed extends Error {}

describe("waiting for changes, run at every access of a writer", () => {
  let value: SharedValue<"i32">;
  let holding: Holding;
  let segment: Segment;
  let words: InterruptedWords;
  let watched: number;
  let writer: Changes;
  let number: Int32Array;
  let wakes = 0;
  const wake = parker().wake;

  beforeEach(() => {
    value = new SharedValue("i32", 0);
    ({ holding } = value as unknown as { holding: Holding });
    ({ segment } = holding);
    words = new InterruptedWords(segment.words.array);
    Object.defineProperty(segment, "words", { value: words });
    watched = segment.bodyOffset / 4 + valueBody.word.watched;
    number = new Int32Array(segment.control, segment.bodyOffset, 1);
    writer = new Changes(holding, watched, "the value");
    wakes = 0;
    parker().wake = () => {
      wakes++;
      return true;
    };
  });
  afterEach(() => {
    parker().wake = wake;
    words.between = () => undefined;
    value.close();
  });

  /** What a waiter knows after it has armed and looked: its last look, and the wakes until then. */
  class Waiter {
    seen = -1;
    wakesAtLook = 0;
    readonly wait = new ChangeWait(holding, watched, true, () => false);

    look(): void {
      this.seen = Atomics.load(number, 0);
      this.wakesAtLook = wakes;
    }

    sleep(): void {
      alone(() => {
        this.wait.arm();
        this.look();
      });
    }

    /** It saw what stands there now, or was woken since it looked. */
    get knows(): boolean {
      return this.seen === Atomics.load(number, 0) || wakes > this.wakesAtLook;
    }
  }

  /** Nobody comes between what this does. */
  function alone(work: () => void): void {
    const { between } = words;
    words.between = () => undefined;
    work();
    words.between = between;
  }

  const write = (by: Changes): void => {
    Atomics.add(number, 0, 1);
    by.published();
  };

  /** What may stand in the object when the writer begins. */
  const starts: Record<string, () => void> = {
    "nobody waited before": () => undefined,
    "somebody waited and is done": () => words.store(watched, 1),
    "a dead waiter's bit is there": () => {
      words.or(segment.waiting, 2);
      words.store(watched, 1);
    },
    "a bit of an attachment that never was is there, and watched does not say so": () =>
      void words.or(segment.waiting, 4),
  };

  /** How many accesses a write makes. */
  function accesses(start: () => void): number {
    start();
    let count = 0;
    words.between = () => void count++;
    write(writer);
    words.between = () => undefined;
    return count;
  }

  /** Runs a write and `interrupt` before its access number `at`. */
  function writeInterrupted(at: number, interrupt: () => void): void {
    let count = 0;
    words.between = () => {
      if (count++ === at) interrupt();
    };
    write(writer);
    words.between = () => undefined;
  }

  test("smoke: a waiter that has armed is woken by a write, and not once it has disarmed", () => {
    const waiter = new Waiter();
    waiter.sleep();
    write(writer);
    assert.equal(wakes, 1);
    waiter.wait.disarm();
    write(writer);
    write(writer);
    assert.deepEqual([wakes, words.load(watched), words.load(segment.waiting)], [1, 0, 0]);
  });

  test("a write that nobody waits for costs one access to the control words", () => {
    assert.equal(
      accesses(() => undefined),
      1,
    );
  });

  for (const [title, start] of Object.entries(starts)) {
    test(`a waiter that comes at any access of a write sees it or is woken (${title})`, () => {
      const most = accesses(start);
      for (let at = 0; at <= most; at++) {
        const waiter = new Waiter();
        start();
        writeInterrupted(at, () => waiter.sleep());
        if (at === most) waiter.sleep();
        assert.ok(waiter.knows, `access ${at}`);
        write(writer);
        assert.ok(waiter.knows, `access ${at}, the next write`);
        waiter.wait.disarm();
      }
    });

    test(`nor does a second writer's write get lost behind a first one (${title})`, () => {
      const most = accesses(start) + 24; // more are made once there is a waiter
      for (let first = 0; first < most; first++)
        for (let second = first; second < most; second++) {
          const waiter = new Waiter();
          const other = new Changes(holding, watched, "the value");
          start();
          parker().wake = () => {
            waiter.look(); // at once: whatever it misses, it must be woken for again
            return true;
          };
          let count = 0;
          words.between = () => {
            const at = count++;
            alone(() => {
              if (at === first) waiter.sleep();
              if (at === second) write(other);
            });
          };
          write(writer);
          words.between = () => undefined;
          if (waiter.seen >= 0) assert.equal(waiter.seen, Atomics.load(number, 0), `accesses ${first} and ${second}`);
          waiter.wait.disarm();
        }
    });

    test(`a write at any access of a waiter that arms is seen by it or wakes it (${title})`, () => {
      for (let at = 0; at < 8; at++) {
        const waiter = new Waiter();
        start();
        let count = 0;
        words.between = () => {
          if (count++ === at) alone(() => write(writer));
        };
        waiter.wait.arm();
        words.between = () => undefined;
        waiter.look();
        write(writer);
        assert.ok(waiter.knows, `access ${at}`);
        waiter.wait.disarm();
      }
    });

    test(`a writer that is killed at any access costs a waiter no more than its own next look (${title})`, () => {
      const most = accesses(start) + 24;
      for (let came = 0; came < most; came++)
        for (let killed = came; killed < most; killed++) {
          const waiter = new Waiter();
          start();
          let count = 0;
          words.between = () => {
            const at = count++;
            if (at === came) waiter.sleep();
            if (at === killed) throw new Killed();
          };
          assert.throws(() => {
            write(writer);
            throw new Killed(); // after its last access
          }, Killed);
          words.between = () => undefined;
          if (waiter.seen < 0) waiter.sleep();
          waiter.wait.recheck();
          waiter.look();
          write(writer);
          assert.ok(waiter.knows, `waiter at ${came}, killed at ${killed}`);
          waiter.wait.disarm();
        }
    });
  }

  test("an entry that a living thread takes over while a dead one's bit is cleared keeps its bit", () => {
    const entry = segment.entry(1) + attachmentEntry.word.owner;
    let taken = 0;
    for (let at = 0; at < 12; at++) {
      words.or(segment.waiting, 2);
      words.store(watched, 1);
      words.store(entry, 0);
      writeInterrupted(at, () => {
        alone(() => {
          if ((words.load(segment.waiting) & 2) === 0) return;
          taken++;
          words.store(entry, segment.registry.self);
          words.or(segment.waiting, 2);
        });
      });
      if (words.load(entry) !== 0) assert.equal(words.load(segment.waiting) & 2, 2, `access ${at}`);
    }
    assert.ok(taken > 3);
    words.store(entry, 0);
    words.and(segment.waiting, ~2);
  });
});
