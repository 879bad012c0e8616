import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Mechanism, Wire } from "#src/cli/bench/mechanism.js";
import { mechanisms } from "#src/cli/bench/mechanisms.js";
import { rankOf } from "#src/cli/bench/rank-of.js";
import { runBench } from "#src/cli/bench/run-bench.js";

const WATCHDOG = { timeout: 60_000 };
const { traits } = mechanisms()[0];
const never = new Promise<never>(() => undefined);
const soon = (): Promise<void> => new Promise((done) => setImmediate(done));

/** A mechanism that exists in this test only. */
class Fake implements Mechanism {
  readonly traits;
  opened = 0;
  closed = 0;
  private tellClosed: () => void = () => undefined;
  readonly whenClosed = new Promise<void>((done) => {
    this.tellClosed = done;
  });

  constructor(
    name: string,
    private readonly wire: Partial<Wire> = {},
    private readonly opens: (wire: Wire, signal: AbortSignal) => Promise<Wire> = async (wire) => wire,
  ) {
    this.traits = { ...traits, name };
  }

  open(_mostBytes: number, signal: AbortSignal): Promise<Wire> {
    this.opened++;
    const whole: Wire = {
      peer: { failed: never, end: async () => undefined },
      trip: async () => {
        await soon();
        return true;
      },
      flood: async (_bytes, count) => {
        await soon();
        return count;
      },
      close: async () => {
        this.closed++;
        this.tellClosed();
      },
      ...this.wire,
    };
    return this.opens(whole, signal);
  }
}

function run(fakes: readonly Fake[], { sizes = [64], patience = 60_000, signal = new AbortController().signal } = {}) {
  const told: string[] = [];
  const watcher = { next: (done: number, of: number, what: string) => told.push(`${done}/${of} ${what}`) };
  return runBench({ mechanisms: fakes, sizes, seconds: 0.005, patience }, watcher, signal).then((found) => ({
    ...found,
    told,
  }));
}

describe("a run of interproc bench", WATCHDOG, () => {
  test("smoke: measures each mechanism with each length over one wire, and closes it", async () => {
    const fakes = [new Fake("a"), new Fake("b")];
    const { cells, told } = await run(fakes, { sizes: [64, 128] });
    assert.deepEqual(
      cells.map(({ mechanism, bytes }) => `${mechanism} ${bytes}`),
      ["a 64", "a 128", "b 64", "b 128"],
    );
    for (const { roundTrip, oneWay } of cells) assert.ok(roundTrip?.slices.length === 5 && oneWay?.slices.length === 5);
    assert.deepEqual(
      fakes.map(({ opened, closed }) => [opened, closed]),
      [
        [1, 1],
        [1, 1],
      ],
    );
    assert.deepEqual([told[0], told.at(-1)], ["0/8 a 64 bytes, round trip", "7/8 b 128 bytes, one way"]);
  });

  test("what never answers is given up, closed, opened anew for the next length, and the next mechanism is tried", async () => {
    const hung = new Fake("hung", { trip: () => never });
    const { cells } = await run([hung, new Fake("next")], { sizes: [64, 128, 256], patience: 20 });
    assert.deepEqual(
      cells.slice(0, 3).map(({ problem }) => problem),
      ["it was not done after 0.12 s", "it was not done after 0.12 s", "not tried: what was before it has failed"],
    );
    assert.deepEqual([hung.opened, hung.closed], [2, 2]);
  });

  test("what fails keeps the figure that it has", async () => {
    const broken = new Fake("broken", { flood: () => Promise.reject(new Error("counted 3 of 4")) });
    const { cells } = await run([broken]);
    assert.equal(cells[0].problem, "counted 3 of 4");
    assert.ok(cells[0].roundTrip && !cells[0].oneWay);
  });

  test("the end of the other side ends a figure at once", async () => {
    const failed = soon().then(() => Promise.reject(new Error("the other process: killed")));
    failed.catch(() => undefined);
    const peer = { failed, end: async () => undefined };
    const { cells } = await run([new Fake("dead", { peer, trip: () => never })]);
    assert.equal(cells[0].problem, "the other process: killed");
  });

  test("what cannot be opened in time is told that it is not wanted any more, and is closed if it comes after all", async () => {
    let come: () => void = () => undefined;
    const late = new Fake("late", {}, async (wire, signal) => {
      await new Promise<void>((done) => signal.addEventListener("abort", () => done()));
      await new Promise<void>((done) => {
        come = done;
      });
      return wire;
    });
    const { cells } = await run([late], { patience: 10 });
    assert.match(cells[0].problem ?? "", /^the other side has not begun after 0.01 s/);
    assert.equal(late.closed, 0);
    come();
    await late.whenClosed;
  });

  test("what cannot be closed is a warning", async () => {
    const { cells, warnings } = await run([
      new Fake("a", { close: () => Promise.reject(new Error("a queue could not be removed")) }),
    ]);
    assert.equal(cells[0].problem, undefined);
    assert.deepEqual(warnings, ["a: a queue could not be removed"]);
    const stuck = await run([new Fake("b", { close: () => never, trip: () => never })], { patience: 10 });
    assert.deepEqual(stuck.warnings, ["b: it was not closed after 0.01 s"]);
  });

  test("a signal ends it with its reason, and what is open is closed", async () => {
    const abort = new AbortController();
    const fake = new Fake("a", {
      trip: () => {
        abort.abort(new Error("enough"));
        return never;
      },
    });
    const next = new Fake("b");
    await assert.rejects(run([fake, next], { signal: abort.signal }), /enough/);
    assert.deepEqual([fake.closed, next.opened], [1, 0]);
  });

  test("lost messages are counted and timed by nobody; when all are lost there is no figure", async () => {
    let trips = 0;
    const lossy = new Fake("lossy", { trip: () => soon().then(() => ++trips % 2 === 0), flood: async (_, n) => n / 2 });
    const { cells } = await run([lossy]);
    const { roundTrip, oneWay } = cells[0];
    assert.ok(roundTrip && roundTrip.lost > 0 && roundTrip.lost < roundTrip.trips);
    assert.ok(oneWay && oneWay.lost === oneWay.messages);
    const gone = await run([new Fake("gone", { trip: () => soon().then(() => false) })]);
    assert.match(gone.cells[0].problem ?? "", /^none of \d+ messages was answered$/);
  });

  test("a rank is that of the nearest value: the median, the p99", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual([rankOf(hundred, 0.5), rankOf(hundred, 0.99), rankOf([7], 0.99)], [50, 99, 7]);
    assert.ok(Number.isNaN(rankOf([], 0.5)));
  });
});
