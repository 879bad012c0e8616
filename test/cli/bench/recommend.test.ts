import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { adviceText } from "#src/cli/bench/advice-text.js";
import type { Traits } from "#src/cli/bench/mechanism.js";
import { mechanisms } from "#src/cli/bench/mechanisms.js";
import { parseNeeds } from "#src/cli/bench/needs.js";
import { recommend } from "#src/cli/bench/recommend.js";
import type { Cell } from "#src/cli/bench/results.js";
import { usualNeeds } from "#src/cli/bench/usual-needs.js";
import { figuresOf } from "./figures-of.js";

const all = mechanisms().map(({ traits }) => traits);
const traitsOf = (...names: string[]): Traits[] =>
  names.map((name) => all.find((one) => one.name === name) ?? assert.fail(name));

/** Names and round trips in microseconds, of 64 bytes; throughput goes the other way. */
function found(figures: Record<string, number>, bytes = 64) {
  const cells: Cell[] = Object.entries(figures).map(([name, micros]) => figuresOf(name, bytes, micros, 1e6 / micros));
  return { mechanisms: traitsOf(...Object.keys(figures)), cells };
}

const orderFor = (needs: string, results: ReturnType<typeof found>): string[] =>
  recommend(results, parseNeeds(needs)).order.map(({ mechanism }) => mechanism);
const whyNot = (needs: string, results: ReturnType<typeof found>): Record<string, string> =>
  Object.fromEntries(recommend(results, parseNeeds(needs)).unfit.map(({ mechanism, why }) => [mechanism, why]));

describe("what interproc bench recommends", () => {
  test("smoke: of what reaches, the quickest first", () => {
    const results = found({ tcp: 30, pipe: 3, unix: 20, worker_threads: 1 });
    const { by, order, unfit } = recommend(results, parseNeeds("size=64"));
    assert.equal(by, "round trip");
    assert.deepEqual(
      order.map(({ mechanism, p50Micros, isQuickEnough }) => [mechanism, p50Micros, isQuickEnough]),
      [
        ["pipe", 3, true],
        ["unix", 20, true],
        ["tcp", 30, true],
      ],
    );
    assert.deepEqual(unfit, [
      { mechanism: "worker_threads", why: "it does not reach another process of this machine" },
    ]);
  });

  test("each need takes away what cannot do it, and says why", () => {
    const results = found({
      pipe: 3,
      "pipe-sync": 1,
      queue: 5,
      udp: 9,
      tcp: 30,
      websocket: 60,
      python: 50,
      file: 900,
      redis: 400,
    });
    assert.deepEqual(orderFor("size=64", results), ["pipe", "queue", "tcp", "websocket", "redis", "file"]);
    assert.deepEqual(orderFor("blocking", results)[0], "pipe-sync");
    assert.deepEqual(orderFor("durable", results), ["redis", "file"]);
    assert.deepEqual(orderFor("durable,remote", results), ["redis"]);
    assert.deepEqual(orderFor("many", results), ["queue", "redis", "file"]);
    assert.deepEqual(orderFor("remote", results), ["tcp", "websocket", "redis"]);
    assert.deepEqual(orderFor("remote,lossy", results), ["udp", "tcp", "websocket", "redis"]);
    assert.deepEqual(orderFor("browser", results), ["websocket"]);
    assert.deepEqual(orderFor("python", results), ["python", "redis"]);
    assert.deepEqual(orderFor("browser,durable", results), []);
    assert.equal(whyNot("size=64", results)["pipe-sync"], "waiting blocks the thread (allowed with: blocking)");
    assert.equal(whyNot("size=64", results).udp, "it may lose messages (allowed with: lossy)");
    assert.equal(whyNot("many", results).pipe, "it has one taker");
    assert.equal(whyNot("durable", results).queue, "what was sent does not survive all processes");
    assert.equal(whyNot("size=1m,remote,lossy", results).udp, "it carries at most 65,507 bytes");
  });

  test("everything is either in the order or unfit, whatever is needed", () => {
    const names = all.map(({ name }) => name);
    const results = found(Object.fromEntries(names.map((name, index) => [name, index + 1])));
    for (const [, needs] of usualNeeds([64, 1024, 2 ** 20])) {
      const { order, unfit } = recommend(results, needs);
      const told = [...order, ...unfit].map(({ mechanism }) => mechanism);
      assert.deepEqual(told.sort(), [...names].sort());
      assert.ok(order.length > 0, JSON.stringify(needs));
    }
  });

  test("who is not as quick as was asked for comes last, by its p99", () => {
    const results = found({ pipe: 3, queue: 5, file: 900 });
    const steady = { ...results.cells[1], roundTrip: { p50Micros: 5, p99Micros: 8, trips: 9, lost: 0, slices: [5] } };
    const cells = [results.cells[0], steady, results.cells[2]]; // the pipe's p99 is 30
    const { order } = recommend({ ...results, cells }, parseNeeds("latency=10us"));
    assert.deepEqual(
      order.map(({ mechanism, isQuickEnough }) => [mechanism, isQuickEnough]),
      [
        ["queue", true],
        ["pipe", false],
        ["file", false],
      ],
    );
  });

  test("long messages go by the bytes that go through", () => {
    const cells = [figuresOf("pipe", 2 ** 20, 100, 5000), figuresOf("unix", 2 ** 20, 200, 9000)];
    const { by, order } = recommend({ mechanisms: traitsOf("pipe", "unix"), cells }, parseNeeds("size=1m"));
    assert.deepEqual([by, order[0].mechanism], ["throughput", "unix"]);
  });

  test("figures are of the needed length, else of the next longer one, else of the longest", () => {
    const cells = [64, 1024, 16_384].map((bytes) => figuresOf("pipe", bytes, bytes, 1));
    const bytesFor = (needs: string) =>
      recommend({ mechanisms: traitsOf("pipe"), cells }, parseNeeds(needs)).order[0].bytes;
    assert.deepEqual(["size=64", "size=65", "size=16k", "size=1m"].map(bytesFor), [64, 1024, 16_384, 16_384]);
  });

  test("what failed with messages of that length is not recommended by figures of shorter ones", () => {
    const cells = [figuresOf("nats", 64, 100, 1), { mechanism: "nats", bytes: 2 ** 19, problem: "too long" }];
    const { order, unfit } = recommend({ mechanisms: traitsOf("nats"), cells }, parseNeeds("size=100k"));
    assert.deepEqual([order, unfit], [[], [{ mechanism: "nats", why: "too long" }]]);
  });

  test("a number and a signal are for needs of a number and a signal", () => {
    const results = {
      mechanisms: traitsOf("value", "semaphore", "pipe"),
      cells: [figuresOf("value", 4, 2, 9), figuresOf("semaphore", 0, 1, 9), figuresOf("pipe", 64, 3, 9)],
    };
    assert.deepEqual(orderFor("size=0", results), ["semaphore", "value", "pipe"]);
    assert.deepEqual(orderFor("size=4", results), ["value", "pipe"]);
    assert.deepEqual(orderFor("size=64", results), ["pipe"]);
    assert.equal(whyNot("size=64", results).value, "it carries one number");
  });

  test("an advice says its figures", () => {
    const [advice] = recommend(found({ pipe: 3 }), parseNeeds("size=64")).order;
    assert.equal(adviceText(advice), "3.00 µs there and back (p99 30.0 µs), 333 k/s one way (21.3 MB/s), with 64 B");
  });

  test("--for is read with its units, and defaults to short messages on this machine", () => {
    const nothing = { durable: false, reach: "machine", many: false, mayBlock: false, mayLose: false };
    assert.deepEqual(parseNeeds("durable"), { ...nothing, bytes: 64, durable: true });
    assert.deepEqual(parseNeeds("size=16k, latency=1.5ms, remote, many, blocking, lossy"), {
      ...{ bytes: 16_384, latencyMicros: 1500, durable: false, reach: "network" },
      ...{ many: true, mayBlock: true, mayLose: true },
    });
    assert.equal(parseNeeds("latency=500ns").latencyMicros, 0.5);
    for (const wrong of ["", "size", "size=", "size=1g", "latency=0us", "latency=-1s", "toString", "durable=1"])
      assert.throws(() => parseNeeds(wrong), { exitCode: 2 }, wrong);
  });
});
