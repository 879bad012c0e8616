/*
 * Engine of a pool: feeds give work, lanes take it.
 *
 * Idea    Whenever something has changed (a feed, an answer, a worker that is ready or gone), `pump` brings the two together:
 *         lanes with room draw from the feeds in turn, so that a long `map` does not hold up a `run`. Work whose worker died
 *         before it had begun goes first; calls of which workers have died take turns with new ones. A worker with nothing to do takes what lies before another one.
 * States  open -> closing (no new feed; what there is is worked off) -> closed
 * Death   Of a worker: its lane tells what had begun (lane.ts): that fails with AbandonedError, or is made again if its feed
 *         has retries left; all else is given to others. Of three workers in a row before they were ready: what waits fails,
 *         or goes on with the workers that are ready; no further ones are started then.
 * Limits  Workers are started as long as there is work that no worker has room for. Nothing is given ahead that takes long
 *         while there could be one more worker.
 */
import { AbandonedError, ClosedError, type TimeoutError } from "../../errors.js";
import { type RemoteFailure, restoreFailure } from "../../rpc/remote-failure.js";
import { refuseWhileImporting } from "../importing.js";
import { taskName } from "../task.js";
import { after } from "./after.js";
import { FalseStarts } from "./false-starts.js";
import type { Feed } from "./feed.js";
import type { Job } from "./job.js";
import { JobsAgain } from "./jobs-again.js";
import type { Lane } from "./lane.js";
import type { LaneHost } from "./lane-host.js";
import { movedInVain } from "./moved-in-vain.js";
import type { CheckedPoolOptions } from "./pool-options.js";
import { PoolTask } from "./pool-task.js";
import { Staff } from "./staff.js";
import { WaitingFeeds } from "./waiting-feeds.js";
import type { StartWorker } from "./worker.js";

export class Engine implements LaneHost {
  readonly staff: Staff;
  /** Those of which more will be drawn; the first one is next. */
  private readonly feeds = new WaitingFeeds();
  private readonly again = new JobsAgain();
  /** Whether calls of which workers have died come before new ones next: they take turns. */
  private areDeadlyNext = true;
  private readonly tasks = new Map<string, PoolTask>();
  private readonly falseStarts = new FalseStarts();
  private isPumping = false;
  private isToPumpAgain = false;
  /** Calls of `warm` that wait. */
  private warming = 0;
  private drained: (() => void) | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    readonly options: CheckedPoolOptions,
    start: StartWorker,
  ) {
    refuseWhileImporting("new Pool()");
    this.staff = new Staff(this, options, start);
    this.staff.keepLeast();
  }

  get isClosed(): boolean {
    return this.closing !== undefined;
  }

  get lanes(): ReadonlySet<Lane> {
    return this.staff.lanes;
  }

  /** @throws UsageError for a function that is no task */
  taskOf(task: unknown, operation: string): PoolTask {
    const { module, name } = taskName(task, operation);
    const key = `${name}\n${module}`;
    let known = this.tasks.get(key);
    if (!known) {
      known = new PoolTask(this.tasks.size, module, name);
      this.tasks.set(key, known);
    }
    return known;
  }

  /** @throws ClosedError */
  requireOpen(operation: string): void {
    if (this.isClosed) throw new ClosedError(`${operation} after the pool was closed`);
  }

  add(feed: Feed): void {
    this.feeds.add(feed);
    // for what waits already there was no worker, so that only this one may go: else n calls would look at n feeds each
    this.pump([...this.lanes].some((lane) => this.hasRoom(lane) && this.mayGive(lane, feed)));
  }

  /** Nobody waits for the feed any more: what has not begun is dropped; `stops`: what runs is ended. */
  leave(feed: Feed, stops: boolean): void {
    this.forget(feed);
    for (const lane of this.lanes)
      for (const job of [...lane.underWay()]) {
        if (job.feed !== feed || lane.withdraw(job)) continue;
        job.isStopped = true;
        if (stops) this.stop(lane, job);
      }
    this.pump();
  }

  /** The call fails with this at once, and its tasks are stopped. */
  giveUp(feed: Feed, error: unknown): void {
    if (feed.isOver) return;
    feed.abandon(error);
    this.leave(feed, true);
  }

  pump(hasWork = true): void {
    let isToDistribute = hasWork;
    this.isToPumpAgain = true;
    if (this.isPumping) return;
    this.isPumping = true;
    try {
      while (this.isToPumpAgain) {
        this.isToPumpAgain = false;
        if (isToDistribute) this.distribute();
        if (isToDistribute) this.share();
        this.startMore();
        isToDistribute = true;
      }
    } finally {
      this.isPumping = false;
    }
    if (this.drained && this.isDrained) this.drained();
    this.holdWhileStarting();
  }

  /** Starts so many workers and waits until they are ready. */
  async warm(count: number): Promise<void> {
    this.requireOpen("warm()");
    this.warming++;
    try {
      while (!(await this.staff.areReady(count, () => this.holdWhileStarting()))) this.requireOpen("warm()");
    } finally {
      this.warming--;
      this.holdWhileStarting();
    }
  }

  /** Works off what there is, then ends the workers, within the bound. */
  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  /** Ends everything at once. */
  terminate(): Promise<void> {
    this.closing ??= Promise.resolve();
    this.failAll(new ClosedError("the pool was terminated before the task ended"));
    this.drained?.();
    this.closing = this.staff.kill();
    return this.closing;
  }

  ready(): void {
    this.falseStarts.forget();
    this.pump();
    this.staff.watchIdle();
  }

  notReady(lane: Lane, failure: RemoteFailure): void {
    this.refuse(lane, restoreFailure(failure, `the initializer in ${lane.worker.label}`));
  }

  unloadable(task: PoolTask, failure: RemoteFailure, where: string): void {
    const error = restoreFailure(failure, `importing task ${JSON.stringify(task.name)} in ${where}`);
    this.failTask(task, error);
  }

  answered(lane: Lane): void {
    if (!lane.isIdle) return;
    if (lane.callsLeft <= 0) lane.leave();
    else this.staff.watchIdle();
  }

  unsendable(job: Job, error: unknown): void {
    if (job.calls > 1) return this.putBack(job);
    job.feed.fail(job, movedInVain(job, error));
    this.pump();
  }

  putBack(job: Job): void {
    for (let call = 0; call < job.calls; call++) this.again.addLast(job.part(call, call + 1));
    this.pump();
  }

  tooSlow(lane: Lane, error: TimeoutError, task: PoolTask | undefined): void {
    if (task) this.failTask(task, error);
    else this.refuse(lane, error);
    this.end(lane);
  }

  private refuse(lane: Lane, error: unknown): void {
    lane.refused(error);
    this.falseStarts.add("refused");
    this.failAll(error, this.waiting());
  }

  gone(lane: Lane, begun: readonly Job[], untouched: readonly Job[], step: number): void {
    this.staff.dismiss(lane);
    for (const job of untouched) job.isAgain = true;
    this.again.addFirst(untouched.filter((job) => !job.isStopped && !job.feed.isOver));
    for (const job of begun) this.lost(job, step, lane);
    if (lane.wasStarting && !this.isClosed) void lane.worker.ended.then((how) => this.startedInVain(lane, how));
    else {
      lane.refused(new ClosedError(`the pool was closed before ${lane.worker.label} was ready`)); // unless it was, or was told
      try {
        if (this.falseStarts.areNone) this.staff.keepLeast(); // else once somebody asks for something, and one is ready
      } catch {
        // whoever needs one will be told
      }
      this.pump();
    }
  }

  /** Fails calls, by default every one that has not ended; nobody's work is given to anybody meanwhile. */
  private failAll(error: unknown, feeds = this.wanting()): void {
    const wasPumping = this.isPumping;
    this.isPumping = true;
    try {
      for (const feed of feeds) this.giveUp(feed, error);
    } finally {
      this.isPumping = wasPumping;
    }
    this.pump();
  }

  private failTask(task: PoolTask, error: unknown): void {
    for (const feed of this.wanting()) if (feed.task === task) this.giveUp(feed, error);
  }

  /** Every feed that has work for which there was no worker yet. */
  private waiting(): Set<Feed> {
    return new Set([...this.feeds, ...this.again.feeds]);
  }

  /** Those, and every feed that has work under way. */
  private wanting(): Set<Feed> {
    const found = this.waiting();
    for (const lane of this.lanes) for (const job of lane.underWay()) found.add(job.feed);
    return found;
  }

  private forget(feed: Feed): void {
    this.feeds.delete(feed);
    this.again.drop(feed);
  }

  /** Gives lanes what they have room for, one job at a time, so that all get something before some get more. */
  private distribute(): void {
    for (let gave = true; gave; ) {
      gave = false;
      for (const lane of this.lanes) {
        if (!this.hasRoom(lane)) continue;
        const job = this.nextFor(lane);
        if (!job) continue;
        lane.give(job);
        gave = true;
      }
    }
    for (const lane of this.lanes) lane.flush();
  }

  private hasRoom(lane: Lane): boolean {
    if (lane.room <= 0) return false;
    return lane.isIdle || !lane.isBusyForLong || this.staff.isFull;
  }

  private nextFor(lane: Lane): Job | undefined {
    const again = (haveDied: boolean): Job | undefined =>
      this.again.size === 0 ? undefined : this.again.take(haveDied, lane.room, (feed) => this.mayGive(lane, feed));
    const job =
      again(false) ?? (this.areDeadlyNext ? (again(true) ?? this.draw(lane)) : (this.draw(lane) ?? again(true)));
    if (job) this.areDeadlyNext = job.deaths === 0;
    return job;
  }

  private draw(lane: Lane): Job | undefined {
    let turns = this.feeds.size;
    for (const feed of this.feeds) {
      if (turns-- === 0) return undefined;
      if (!this.mayGive(lane, feed)) continue;
      const job = feed.draw(lane.room);
      this.feeds.delete(feed);
      this.feeds.add(feed); // behind the others
      if (job) return job;
    }
    return undefined;
  }

  private mayGive(lane: Lane, { task, hasHandles }: Feed): boolean {
    return lane.knows(task) && (lane.isIdle || !hasHandles);
  }

  /** A worker that has nothing to do gets half of what lies unbegun before the one with most. */
  private share(): void {
    for (const idle of this.lanes) {
      if (!idle.isIdle || idle.room <= 0) continue;
      let most: Lane | undefined;
      for (const lane of this.lanes) if (lane.count > 1 && lane.count > (most?.count ?? 0)) most = lane;
      if (!most) return;
      const isKnown = (job: Job): boolean => idle.knows(job.feed.task);
      for (const job of most.takeBack(Math.ceil((most.count - 1) / 2), idle.room, isKnown)) idle.give(job);
      idle.flush();
    }
  }

  /** Starts workers as long as there is work for which no other one is on its way. */
  private startMore(): void {
    if (this.staff.isFull || (this.falseStarts.areMany && this.hasReady)) return;
    const most = this.options.processes;
    let wanted = this.again.size - this.staff.arriving;
    for (const feed of this.feeds) {
      wanted += feed.mayDraw;
      if (wanted >= most) break;
    }
    for (; wanted > 0 && !this.staff.isFull; wanted--) {
      try {
        this.staff.add();
      } catch (error) {
        if (this.lanes.size === 0) this.failAll(error);
        return;
      }
    }
  }

  /** The process stays alive for workers that are started for somebody. */
  private holdWhileStarting(): void {
    const waits = this.warming > 0 || this.again.size > 0 || this.someWait();
    for (const lane of this.lanes) lane.hold(waits);
  }

  private someWait(): boolean {
    for (const feed of this.feeds) if (!feed.isResting) return true;
    return false;
  }

  private stop(lane: Lane, job: Job): void {
    lane.stop(job);
    after(this.options.stopTimeout, () => this.end(lane, job));
  }

  /** Ends a worker that is at nothing, or at this. It may be through with it by now, and must not be killed at the next. */
  private end(lane: Lane, job?: Job): void {
    if (job && !lane.has(job)) return;
    this.again.addFirst(lane.takeBack());
    if (!lane.isAtAnother(job)) lane.kill();
    this.pump();
  }

  private lost(job: Job, step: number, lane: Lane): void {
    if (job.isStopped || job.feed.isOver) return;
    const { feed, calls, deaths } = job;
    const ended = job.isOneCall ? 1 : Math.min(step + 1, calls);
    if (ended < calls) this.again.addFirst([job.part(ended, calls)]);
    if (deaths < feed.retries) {
      for (let call = 0; call < ended; call++) this.again.addLast(job.part(call, call + 1, deaths + 1));
      return;
    }
    const dead = job.part(0, ended);
    void lane.worker.ended.then((how) => {
      const which = `task ${JSON.stringify(feed.task.name)}`;
      const what = `${which} was running in ${lane.worker.label}, which ended with ${how} before the task did`;
      const advice = feed.retries > 0 ? `it was tried ${deaths + 1} times` : "{ retries: n } would have it run again";
      if (feed.isOver) return;
      feed.fail(dead, new AbandonedError(`pool: ${what}; ${advice}`, { resource: feed.task.name }));
      this.pump();
    });
  }

  private startedInVain(lane: Lane, how: string): void {
    const advice = "look at what it printed, and at execArgv, env and the initializer";
    const error = new AbandonedError(`pool: ${lane.worker.label} ended with ${how} before it was ready; ${advice}`);
    lane.refused(error);
    if (this.falseStarts.add(how) && !this.hasReady) {
      this.falseStarts.forget();
      this.failAll(error, this.waiting());
    }
    this.pump();
  }

  private get hasReady(): boolean {
    return [...this.lanes].some(({ state }) => state === "ready");
  }

  private get isDrained(): boolean {
    return this.again.size === 0 && this.staff.underWay === 0 && !this.someWait();
  }

  private async closeNow(): Promise<void> {
    if (!this.isDrained)
      await new Promise<void>((resolve) => {
        this.drained = resolve;
        this.pump();
      });
    this.drained = undefined;
    this.failAll(new ClosedError("the pool was closed, and nobody took the results before"));
    await this.staff.close();
  }
}
