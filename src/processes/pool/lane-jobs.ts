import { Words } from "../../memory/words.js";
import { SharedArray } from "../../primitives/memory/shared-array.js";
import { WorkSlots } from "../../sync/work-slots.js";
import { SLOTS, WORK_WORDS } from "../../sync/work-slots.layout.js";
import type { Job } from "./job.js";

/** The jobs that are on their way to one worker, by the numbers of their messages. */
export class LaneJobs {
  /** What the worker gets of it. */
  readonly shared = new SharedArray("i32", WORK_WORDS);
  private readonly slots = new WorkSlots(new Words(this.shared.view));
  private readonly jobs: (Job | undefined)[] = new Array(SLOTS).fill(undefined);
  /** How many messages were numbered. */
  private next = 0;
  /** The worker is through with all messages before this number. */
  private passed = 0;

  /** How many more messages can be numbered now. */
  get room(): number {
    return SLOTS - (this.next - this.passed);
  }

  /** The next message's number, which is a job's or nobody's; from now on the job may be begun. */
  number(job: Job | undefined): number {
    const number = this.next++;
    this.jobs[number & (SLOTS - 1)] = job;
    if (job) {
      job.number = number;
      this.slots.offer(number);
    }
    return number;
  }

  /** The message that was numbered last was not sent; whose it was, if it still was somebody's. */
  undo(): Job | undefined {
    const index = --this.next & (SLOTS - 1);
    const job = this.jobs[index];
    this.jobs[index] = undefined;
    return job;
  }

  /** The worker is through with this message; whose it was. */
  end(number: number): Job | undefined {
    const job = this.jobs[number & (SLOTS - 1)];
    if (job?.number !== number) return undefined;
    this.jobs[number & (SLOTS - 1)] = undefined;
    this.pass(number);
    return job;
  }

  /** The worker has passed over all up to this one. */
  pass(number: number): void {
    if (number >= this.passed && number < this.next) this.passed = number + 1;
  }

  /** Takes a job back. False: it was begun. */
  withdraw(job: Job): boolean {
    if (!this.slots.withdraw(job.number)) return false;
    this.jobs[job.number & (SLOTS - 1)] = undefined;
    return true;
  }

  has(job: Job): boolean {
    return job.number >= 0 && this.jobs[job.number & (SLOTS - 1)] === job;
  }

  hasBegun(job: Job): boolean {
    return this.has(job) && this.slots.hasBegun(job.number);
  }

  /** Whether it has begun anything but this one, and not answered yet. */
  isAtAnother(than: Job | undefined): boolean {
    for (const job of this.all()) if (job !== than && this.slots.hasBegun(job.number)) return true;
    return false;
  }

  /** How far the worker is in what it has begun. */
  get step(): number {
    return this.slots.step;
  }

  /** From the oldest on. */
  *all(): Generator<Job> {
    for (let number = this.passed; number < this.next; number++) {
      const job = this.jobs[number & (SLOTS - 1)];
      if (job) yield job;
    }
  }
}
