import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Feed } from "#src/processes/pool/feed.js";
import { Job } from "#src/processes/pool/job.js";
import { Lane } from "#src/processes/pool/lane.js";
import type { LaneHost } from "#src/processes/pool/lane-host.js";
import { PoolTask } from "#src/processes/pool/pool-task.js";

const nothing = (): void => undefined;

/** A lane whose worker never comes, and jobs of so many calls each that lie in it. */
function laneWith(...calls: readonly number[]) {
  const gone: Job[] = [];
  const host: LaneHost = {
    ready: nothing,
    notReady: nothing,
    putBack: nothing,
    unsendable: nothing,
    unloadable: nothing,
    answered: nothing,
    tooSlow: nothing,
    pump: nothing,
    gone: (_lane, begun, untouched) => void gone.push(...begun, ...untouched),
  };
  const start = (theirs: { close(): void }) => {
    theirs.close();
    return { pid: 0, label: "nobody", ended: new Promise<string>(nothing), kill: nothing, ref: nothing };
  };
  const lane = new Lane(host, start, 1000, 60_000);
  const feed = { task: new PoolTask(0, "module", "task"), how: "each", hasHandles: false } as unknown as Feed;
  const jobs = calls.map((count, first) => new Job(feed, new Array(count).fill(0), first));
  for (const job of jobs) lane.give(job);
  return { lane, jobs, gone };
}

describe("what lies before a worker of a pool", () => {
  test("smoke: is taken back from the youngest on, and given in its order", () => {
    const { lane, jobs, gone } = laneWith(1, 1, 1, 1);
    assert.deepEqual(lane.takeBack(2), jobs.slice(2));
    assert.deepEqual([lane.count, lane.callsLeft], [2, 998]);
    lane.end();
    assert.deepEqual(gone, jobs.slice(0, 2));
  });

  test("is taken back for no more calls, all together, than somebody else may make", () => {
    const { lane, jobs } = laneWith(1, 2, 3, 1, 2);
    assert.deepEqual(lane.takeBack(5, 4), [jobs[0], jobs[3], jobs[4]]);
    assert.deepEqual([lane.count, lane.callsLeft], [2, 995]);
    assert.deepEqual(lane.takeBack(5, 1), []);
    lane.end();
  });

  test("stays where it is when nobody wants it, or when there are shared objects in it", () => {
    const { lane, jobs, gone } = laneWith(1, 1, 1);
    assert.deepEqual(
      lane.takeBack(3, 3, (job) => job === jobs[1]),
      [jobs[1]],
    );
    jobs[0].feed.hasHandles = true;
    assert.deepEqual(lane.takeBack(), []);
    lane.end();
    assert.deepEqual(gone, [jobs[0], jobs[2]]);
  });
});
