import { after } from "./after.js";
import { Lane } from "./lane.js";
import type { LaneHost } from "./lane-host.js";
import type { CheckedPoolOptions } from "./pool-options.js";
import type { StartWorker, Worker } from "./worker.js";

/** The workers of a pool: how many there are, who has nothing to do, and who is about to end. */
export class Staff {
  readonly lanes = new Set<Lane>();
  /** Workers that are not a lane's any more and have not ended. */
  private readonly ending = new Set<Worker>();
  private idleTimer: NodeJS.Timeout | undefined;
  private isClosing = false;

  constructor(
    private readonly host: LaneHost,
    private readonly options: CheckedPoolOptions,
    private readonly start: StartWorker,
  ) {}

  /** Whether there are as many as there may be. */
  get isFull(): boolean {
    return this.lanes.size >= this.options.processes;
  }

  /** Starts those that are there whether there is work or not. */
  keepLeast(): void {
    while (this.lanes.size < this.options.minProcesses && !this.isClosing) this.add();
  }

  /** Starts a worker. */
  add(): void {
    const { maxTasksPerChild, startTimeout } = this.options;
    const lane = new Lane(this.host, this.start, maxTasksPerChild, startTimeout);
    this.lanes.add(lane);
    void lane.worker.ended.then(() => {
      if (!lane.wasReady) lane.end(); // a thread that never took its end of the pipe, which so has no end
    });
  }

  /**
   * Starts what is missing of so many and waits for them, or until one that leaves has made room. True: all are ready.
   *
   * @throws why one of them will not be
   */
  async areReady(count: number, wait: () => void): Promise<boolean> {
    const leaving = [...this.lanes].filter(({ state }) => state === "leaving");
    while (this.lanes.size - leaving.length < count && !this.isFull) this.add();
    wait();
    const coming = [...this.lanes].filter((lane) => !leaving.includes(lane));
    for (const failure of await Promise.all(coming.map((lane) => lane.started))) if (failure) throw failure;
    if (coming.length >= Math.min(count, this.options.processes)) return true;
    await Promise.race(leaving.map((lane) => lane.over));
    return false;
  }

  /** So many more are starting, or about to know the first task. */
  get arriving(): number {
    let count = 0;
    for (const lane of this.lanes) if (lane.state === "starting" || (lane.isIdle && lane.isLoading)) count++;
    return count;
  }

  /** Jobs that were begun, or lie before a worker. */
  get underWay(): number {
    let count = 0;
    for (const lane of this.lanes) count += lane.count;
    return count;
  }

  /** A lane's worker works for nobody any more: it ends by itself, or is killed; until then it holds this process. */
  dismiss(lane: Lane): void {
    this.lanes.delete(lane);
    this.letEnd(lane.worker);
  }

  /** Everybody is to end; resolves when all have. */
  async close(): Promise<void> {
    this.isClosing = true;
    clearTimeout(this.idleTimer);
    for (const lane of this.lanes) {
      lane.leave();
      this.letEnd(lane.worker);
    }
    await Promise.all([...this.ending].map((worker) => worker.ended));
    this.lanes.clear(); // a lane may hear of its worker's end a moment after the worker itself was told
  }

  /** The same, at once. */
  async kill(): Promise<void> {
    for (const worker of this.ending) worker.kill();
    for (const lane of this.lanes) lane.kill();
    await this.close();
  }

  private letEnd(worker: Worker): void {
    if (this.ending.has(worker)) return;
    this.ending.add(worker);
    worker.ref();
    const late = after(this.options.shutdownTimeout, () => worker.kill());
    void worker.ended.then(() => {
      clearTimeout(late);
      this.ending.delete(worker);
    });
  }

  /** Has workers end that have had nothing to do for long. */
  watchIdle(): void {
    const { idleTimeout } = this.options;
    if (this.idleTimer || this.isClosing) return;
    const look = (): void => {
      this.idleTimer = undefined;
      if (this.letIdleLeave(idleTimeout)) this.watchIdle();
    };
    this.idleTimer = after(idleTimeout / 2, look);
  }

  /** True when there are others whose time will come. */
  private letIdleLeave(idleTimeout: number): boolean {
    const ready = [...this.lanes].filter((lane) => lane.state === "ready");
    let left = ready.length;
    let others = false;
    for (const lane of ready) {
      if (left <= this.options.minProcesses) return false;
      if (!lane.isIdle) continue;
      if (lane.isLoading || performance.now() - lane.idleSince < idleTimeout) others = true;
      else {
        lane.leave();
        left--;
      }
    }
    return others;
  }
}
