/*
 * Deadlocks: threads that wait for each other in a circle, and whether that is certain.
 *
 * Idea    An edge leads from a thread that waits to each one that could end the wait. A circle of edges may be a
 *         deadlock. It is one when nobody in it can do anything: a thread that is blocked in a Sync form runs nothing,
 *         not even a timer. So the certain ones are what is left of the blocked threads after those were taken out, again
 *         and again, whose waits somebody outside could end. A thread with several waits may need any of them.
 * Order   The files are read one after the other, so that a circle may never have been there at one moment. Whoever
 *         calls this reads twice: a wait that has the same token both times has lasted in between, and a blocked thread
 *         cannot have given anything back and taken it again meanwhile.
 * Limits  Async functions of one thread can release for each other, and which of them waits for which is in no shared
 *         memory: their circles are possible ones. A timeout that a Sync wait has ends a certain one too, by its error.
 * Source  Wait-for graphs; the AND-OR model of Knapp's survey.
 */
import type { Deadlock, DeadlockStep, ObjectView, ThreadView, WaitView } from "./snapshot-model.js";

/** The circles among those that wait; one for each group of threads that all reach each other. */
export function findDeadlocks(
  waits: readonly WaitView[],
  objects: readonly ObjectView[],
  threads: readonly ThreadView[],
  isBlocked: (thread: string) => boolean,
): Deadlock[] {
  const byThread = new Map<string, WaitView[]>();
  for (const wait of waits) byThread.set(wait.thread, [...(byThread.get(wait.thread) ?? []), wait]);
  const circles = circlesOf(byThread);
  if (circles.length === 0) return [];
  const stuck = stuckThreads(byThread, isBlocked);
  const nameOf = labels(objects);
  const threadOf = new Map(threads.map((thread) => [thread.thread, thread]));
  return circles.map((circle) => {
    const steps = circle.map((wait, index): DeadlockStep => {
      const before = circle[(index + circle.length - 1) % circle.length];
      return {
        thread: wait.thread,
        pid: threadOf.get(wait.thread)?.pid ?? 0,
        holds: before.object,
        waitsFor: wait.object,
      };
    });
    const text = steps.map(({ pid, holds, waitsFor }) => {
      if (holds === waitsFor) return `process ${pid} has its part of ${nameOf(holds)} and waits there`;
      return `process ${pid} has ${nameOf(holds)} and waits for ${nameOf(waitsFor)}`;
    });
    return { isCertain: circle.every(({ thread }) => stuck.has(thread)), steps, text: text.join("; ") };
  });
}

/** The largest set of blocked threads none of whose waits can be ended from outside of it. */
function stuckThreads(
  byThread: ReadonlyMap<string, readonly WaitView[]>,
  isBlocked: (thread: string) => boolean,
): Set<string> {
  const stuck = new Set([...byThread.keys()].filter(isBlocked));
  const isHopeless = ({ blockers, endedBy }: WaitView): boolean => {
    if (endedBy === "others" || blockers.length === 0) return false;
    return endedBy === "all" ? blockers.some((one) => stuck.has(one)) : blockers.every((one) => stuck.has(one));
  };
  for (let before = -1; before !== stuck.size; ) {
    before = stuck.size;
    for (const thread of stuck) if (!byThread.get(thread)?.every(isHopeless)) stuck.delete(thread);
  }
  return stuck;
}

/** For each strongly connected group of two threads or more, a shortest circle in it. */
function circlesOf(byThread: ReadonlyMap<string, readonly WaitView[]>): WaitView[][] {
  const circles: WaitView[][] = [];
  const done = new Set<string>();
  for (const start of byThread.keys()) {
    if (done.has(start)) continue;
    const circle = shortestCircle(start, byThread);
    if (circle === undefined) continue;
    circles.push(circle);
    const from = reachable(start, byThread);
    for (const thread of from) if (reachable(thread, byThread).has(start)) done.add(thread);
  }
  return circles;
}

function shortestCircle(start: string, byThread: ReadonlyMap<string, readonly WaitView[]>): WaitView[] | undefined {
  const reachedBy = new Map<string, WaitView>();
  const queue = [start];
  for (const thread of queue)
    for (const wait of byThread.get(thread) ?? [])
      for (const next of wait.blockers) {
        if (next === start && thread !== start) return pathTo(thread, start, reachedBy, [wait]);
        if (next === start || reachedBy.has(next)) continue;
        reachedBy.set(next, wait);
        queue.push(next);
      }
  return undefined;
}

function pathTo(thread: string, start: string, reachedBy: Map<string, WaitView>, rest: WaitView[]): WaitView[] {
  for (let at = thread; at !== start; ) {
    const wait = reachedBy.get(at) as WaitView;
    rest.unshift(wait);
    at = wait.thread;
  }
  return rest;
}

function reachable(start: string, byThread: ReadonlyMap<string, readonly WaitView[]>): Set<string> {
  const found = new Set<string>([start]);
  for (const thread of found)
    for (const { blockers } of byThread.get(thread) ?? []) for (const next of blockers) found.add(next);
  return found;
}

function labels(objects: readonly ObjectView[]): (id: string) => string {
  const byId = new Map(objects.map((object) => [object.id, object]));
  return (id) => {
    const { type = "object", name } = byId.get(id) ?? {};
    return `${type} ${name === undefined ? id : JSON.stringify(name)}`;
  };
}
