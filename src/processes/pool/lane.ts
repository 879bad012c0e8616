/*
 * Lane: the way between a pool and one worker, as the pool sees it.
 *
 * Idea    Work goes to a worker through a pipe of its own, a little ahead, so that it never waits for the next piece; the
 *         work slots (work-slots.ts) let the pool take back what was not begun, when another worker has nothing to do or
 *         when nobody wants it any more. Answers come back in order.
 * States  starting -> ready -> leaving (nothing more is given) -> gone
 * Death   Of the worker: the pipe ends, after everything that it had sent. What it had not begun is as if never given. What
 *         it had begun and not answered is one message: of its calls those before `step` had ended and their results are
 *         lost, the one at `step` was running, and those behind it had not begun.
 * Limits  At most SLOTS messages are on the way; how many are given ahead is by how long they take: a millisecond's worth,
 *         but at least one beside what runs.
 */
import type { Connection } from "../../channel.js";
import { CodecError, TimeoutError } from "../../errors.js";
import { pipe } from "../../primitives/pipe/pipe.js";
import type { PipeEnd } from "../../primitives/pipe/pipe-end.js";
import type { RemoteFailure } from "../../rpc/remote-failure.js";
import { after } from "./after.js";
import { isPipeGone } from "./is-pipe-gone.js";
import type { Job } from "./job.js";
import { type Answer, FROM_WORKER, type FromWorker, TO_WORKER, type ToWorker } from "./lane.layout.js";
import type { LaneHost } from "./lane-host.js";
import { LaneJobs } from "./lane-jobs.js";
import { LaneTasks } from "./lane-tasks.js";
import { NOT_SO } from "./not-so.js";
import type { PoolTask } from "./pool-task.js";
import type { StartWorker, Worker } from "./worker.js";

const CAPACITY = 1024 * 1024; // a megabyte there and back took 5.8 ms with 256 KiB, 3.9 with this, 3.1 with 4 MiB
const AHEAD_MS = 1;
const MOST_AHEAD = 128;
const ANSWERS = 256;
export class Lane {
  /** Resolves once it is ready (undefined), or will never be (why). */
  readonly started: Promise<unknown>;
  /** Resolves once it is gone. */
  readonly over: Promise<void>;
  /** It went before it was ready. */
  wasStarting = false;
  /** It said that it was ready. */
  wasReady = false;
  state: "starting" | "ready" | "leaving" | "gone" = "starting";
  readonly worker: Worker;
  /** When it had nothing to do, since then. */
  idleSince = performance.now();
  /** Calls that it may still be given. */
  callsLeft: number;
  private readonly conn: Connection<ToWorker, FromWorker>;
  private readonly jobs = new LaneJobs();
  private readonly outbox: ({ readonly message: ToWorker } | Job)[] = [];
  private readonly tasks = new LaneTasks();
  /** The job whose message is being sent. */
  private drawn: Job | undefined;
  private isSending = false;
  private isAwaited = false;
  private keepsLoop = false;
  private expectedMs = 0;
  private tellStarted: (failure: unknown) => void = () => undefined;
  private readonly startTimer: NodeJS.Timeout | undefined;
  /** Jobs that it has. */
  count = 0;

  constructor(
    private readonly host: LaneHost,
    start: StartWorker,
    mostCalls: number,
    private readonly startTimeout: number,
  ) {
    const [mine, theirs] = pipe<ToWorker, FromWorker>({ capacity: CAPACITY });
    this.conn = mine.unref();
    (mine as PipeEnd).beforeHandles(() => this.handOver());
    this.callsLeft = mostCalls;
    try {
      this.worker = start(theirs, this.jobs.shared);
    } catch (error) {
      mine.close();
      theirs.close();
      this.jobs.shared.close();
      throw error;
    }
    this.started = new Promise((resolve) => {
      this.tellStarted = resolve;
    });
    this.startTimer = this.killWhenLate(() => this.state !== "starting", "ready");
    this.over = this.listen();
  }

  get isIdle(): boolean {
    return this.count === 0;
  }

  /** How many calls it takes now; 0 when it has enough to do. */
  get room(): number {
    if (this.state !== "ready" || this.isSending || this.callsLeft <= 0 || this.jobs.room < 2) return 0;
    if (this.count >= 2 && (this.count >= MOST_AHEAD || this.expectedMs >= AHEAD_MS)) return 0;
    return this.callsLeft;
  }

  /** Whether it has as much to do as it takes longer for than work is given ahead. */
  get isBusyForLong(): boolean {
    return this.expectedMs >= AHEAD_MS;
  }

  /** Whether it knows the task; if not, it is told, and says so later. */
  knows(task: PoolTask): boolean {
    const state = this.tasks.state(task);
    if (state === undefined) {
      this.tasks.tell(task);
      this.outbox.push({ message: [TO_WORKER.load, task.index, task.module, task.name] });
      this.flush();
      void this.started.then(() =>
        this.killWhenLate(() => this.tasks.state(task) !== "told", `through with importing ${task.module}`, task),
      );
    }
    return state === "known";
  }

  /** Whether it is importing a task's module. */
  get isLoading(): boolean {
    return this.tasks.areLoading;
  }

  /** Gives it a job, with the next flush. */
  give(job: Job): void {
    this.count++;
    this.keepLoop();
    this.callsLeft -= job.calls;
    this.expect(job, 1);
    this.outbox.push(job);
  }

  /** Sends what it was given. */
  flush(): void {
    while (this.outbox.length > 0 && !this.isSending && this.state !== "gone") if (!this.send()) return;
  }

  /** Takes so many jobs back that were not begun, of so many calls in all, the youngest ones. */
  takeBack(most = this.count, mostCalls = Number.POSITIVE_INFINITY, isWanted = (_: Job): boolean => true): Job[] {
    const taken: Job[] = [];
    let left = mostCalls;
    for (const job of [...this.underWay()].reverse()) {
      const isMeant = taken.length < most && job.calls <= left && !job.feed.hasHandles && isWanted(job);
      if (!isMeant || !this.withdraw(job)) continue;
      taken.unshift(job);
      left -= job.calls;
    }
    return taken;
  }

  /** Takes a job back unless it has begun. */
  withdraw(job: Job): boolean {
    const waiting = this.outbox.indexOf(job);
    if (waiting >= 0) this.outbox.splice(waiting, 1);
    else if (!this.jobs.withdraw(job)) return false;
    this.callsLeft += job.calls;
    this.done(job);
    return true;
  }

  has(job: Job): boolean {
    return this.state !== "gone" && this.jobs.has(job);
  }

  /** All jobs on the way. */
  *underWay(): Generator<Job> {
    yield* this.jobs.all();
    for (const one of [...this.outbox]) if (!("message" in one)) yield one;
  }

  /** Has the signal of a task that runs fire. */
  stop(job: Job): void {
    this.outbox.unshift({ message: [TO_WORKER.stop, job.number] });
    this.flush();
  }

  /** Nothing more is given to it; it ends once it has done what it has. */
  leave(): void {
    if (this.state === "leaving" || this.state === "gone") return;
    this.state = "leaving";
    this.outbox.push({ message: [TO_WORKER.end] });
    this.flush();
  }

  /** Whether the worker is at something else by now, as far as can be told. */
  isAtAnother(than?: Job): boolean {
    return this.jobs.isAtAnother(than);
  }

  kill(): void {
    if (this.state === "ready") this.state = "leaving";
    this.worker.kill();
  }

  /** It will never be ready. */
  refused(why: unknown): void {
    this.tellStarted(why);
    if (this.state === "starting") this.state = "leaving";
  }

  /** Whether somebody waits for this worker to be ready: then it keeps the process alive, as while it has work. */
  hold(isAwaited: boolean): void {
    if (this.isAwaited === isAwaited) return;
    this.isAwaited = isAwaited;
    this.keepLoop();
  }

  private keepLoop(): void {
    const keeps = this.isAwaited || this.count > 0;
    if (keeps === this.keepsLoop || this.state === "gone") return;
    this.keepsLoop = keeps;
    this.conn[keeps ? "ref" : "unref"]();
  }

  /** Sends as much as fits at once; false when the rest has to wait. */
  private send(): boolean {
    const { outbox } = this;
    let drawn = 0;
    let last: ToWorker | undefined;
    const messages = {
      [Symbol.iterator]: () => messages,
      next: (): IteratorResult<ToWorker> => {
        const one = outbox[drawn];
        if (one === undefined || this.jobs.room === 0) return { done: true, value: undefined };
        drawn++;
        last = this.messageOf(one);
        return { done: false, value: last };
      },
    };
    let sent: number;
    try {
      sent = this.conn.trySendMany(messages);
    } catch (error) {
      return this.unsendable(drawn, error);
    }
    outbox.splice(0, drawn);
    if (sent === drawn) return outbox.length === 0 || drawn > 0;
    this.isSending = true;
    void this.sendSlowly(last as ToWorker);
    return false;
  }

  /** What does not fit at once goes in pieces. */
  private async sendSlowly(message: ToWorker): Promise<void> {
    try {
      await this.conn.send(message);
    } catch (error) {
      if (isPipeGone(error, this.conn)) return; // the end of the pipe tells the rest
      const job = this.jobs.undo();
      if (job) this.refuse(job, error); // it has changed since it was looked at first
    }
    this.isSending = false;
    this.flush();
    this.host.pump();
  }

  private messageOf(one: { readonly message: ToWorker } | Job): ToWorker {
    this.drawn = "message" in one ? undefined : one;
    if ("message" in one) {
      const number = this.jobs.number(undefined);
      if (one.message[0] === TO_WORKER.load) this.tasks.sent(number);
      return one.message;
    }
    this.jobs.number(one);
    return one.toMessage();
  }

  /** What moves cannot be taken back, and each call gets handles of its own, which its task may close. */
  private handOver(): void {
    if (!this.drawn) return;
    this.drawn.feed.hasHandles = true;
    if (this.drawn.calls > 1 || this.count > 1) throw NOT_SO;
  }

  /** The last one of those that were drawn cannot be sent; those before it were. */
  private unsendable(drawn: number, error: unknown): boolean {
    this.jobs.undo();
    const [bad] = this.outbox.splice(0, drawn).slice(-1);
    if (isPipeGone(error, this.conn)) {
      this.outbox.unshift(bad); // it goes back with the rest, once the pipe has ended
      this.isSending = true; // and until then nothing more is taken
      return false;
    }
    if ("message" in bad) throw error;
    this.refuse(bad, error);
    return true;
  }

  private refuse(job: Job, error: unknown): void {
    this.callsLeft += job.calls;
    this.done(job);
    if (error === NOT_SO) this.host.putBack(job);
    else this.host.unsendable(job, error);
    this.host.answered(this);
  }

  private async listen(): Promise<void> {
    for (;;) {
      try {
        for (const message of await this.conn.recvMany(ANSWERS)) this.hear(message);
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === "ERR_INTERPROC_EOF" || code === "ERR_INTERPROC_CLOSED" || this.conn.closed) return this.end();
        if (!this.hearUndecodable(error)) {
          this.kill();
          return this.end();
        }
      }
      this.host.pump();
    }
  }

  private hear(message: FromWorker): void {
    const [first] = message;
    if (first >= 0) return this.hearAnswer(message as Answer);
    if (first === FROM_WORKER.passed) this.jobs.pass(message[1] as number);
    else if (first === FROM_WORKER.ready) {
      if (message[1]) return this.host.notReady(this, message[1] as RemoteFailure);
      clearTimeout(this.startTimer);
      this.wasReady = true;
      if (this.state === "starting") this.state = "ready";
      this.tellStarted(undefined);
      this.host.ready(this);
    } else if (first === FROM_WORKER.loaded) this.hearLoaded(message as readonly [-2, number, RemoteFailure?]);
  }

  private hearLoaded([, index, failure]: readonly [-2, number, RemoteFailure?]): void {
    const heard = this.tasks.heard(index, !failure);
    if (!heard) return;
    this.jobs.pass(heard.number);
    this.idleSince = performance.now();
    if (failure) this.host.unloadable(heard.task, failure, this.worker.label);
  }

  private hearAnswer([number, value, ms, failures]: Answer): void {
    const job = this.jobs.end(number);
    if (!job) return this.kill(); // it answers what nobody asked
    if (ms !== undefined && ms >= 0) job.feed.task.took(job.calls, ms);
    this.done(job);
    if (!job.isStopped) job.feed.answer(job, value, failures, this.worker.label);
    this.host.answered(this);
  }

  /** Answers come in order, so it is known whose one is that cannot be decoded here. False: nobody's. */
  private hearUndecodable(error: unknown): boolean {
    for (const job of this.jobs.all()) {
      if (!this.jobs.hasBegun(job)) continue;
      this.jobs.end(job.number);
      this.done(job);
      const why = `the result of task ${JSON.stringify(job.feed.task.name)} cannot be decoded here: ${(error as Error).message}`;
      if (!job.isStopped) job.feed.fail(job, new CodecError(why, { cause: error }));
      this.host.answered(this);
      return true;
    }
    return false;
  }

  /** Kills the worker unless something has happened within the time for starting. */
  private killWhenLate(hasHappened: () => boolean, what: string, task?: PoolTask): NodeJS.Timeout | undefined {
    return after(this.startTimeout, () => {
      if (hasHappened() || this.state === "gone") return;
      if (this.isAtAnother()) return void this.killWhenLate(hasHappened, what, task); // its turn comes behind that
      const error = new TimeoutError(
        `pool: ${this.worker.label} was not ${what} within ${this.startTimeout} ms (startTimeout)`,
      );
      this.host.tooSlow(this, error, task);
    });
  }

  /** A job is not this lane's any more. */
  private done(job: Job): void {
    this.expect(job, -1);
    if (--this.count > 0) return;
    this.expectedMs = 0;
    this.idleSince = performance.now();
    this.keepLoop();
  }

  private expect(job: Job, sign: 1 | -1): void {
    const ms = job.expectedMs;
    this.expectedMs += sign * (ms === Number.POSITIVE_INFINITY ? AHEAD_MS : ms);
  }

  /** The worker is gone, or never came. */
  end(): void {
    if (this.state === "gone") return;
    this.wasStarting = this.state === "starting";
    this.state = "gone";
    clearTimeout(this.startTimer);
    const begun: Job[] = [];
    const untouched: Job[] = [];
    for (const job of this.underWay()) (this.jobs.hasBegun(job) ? begun : untouched).push(job);
    const { step } = this.jobs;
    this.count = 0;
    this.conn.close();
    this.jobs.shared.close();
    this.host.gone(this, begun, untouched, step);
  }
}
