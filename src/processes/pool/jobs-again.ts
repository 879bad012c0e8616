import type { Feed } from "./feed.js";
import type { Job } from "./job.js";

/**
 * Jobs that were given to workers in vain and wait for others: those first of which fewest workers have died, so that calls
 * that kill every worker hold up nobody else.
 */
export class JobsAgain {
  private readonly jobs: Job[] = [];

  get size(): number {
    return this.jobs.length;
  }

  get feeds(): Feed[] {
    return this.jobs.map(({ feed }) => feed);
  }

  /** In this order before all others of which as many workers have died. */
  addFirst(jobs: readonly Job[]): void {
    for (let n = jobs.length - 1; n >= 0; n--) this.insert(jobs[n], (other) => other.deaths >= jobs[n].deaths);
  }

  /** Behind all others of which as many workers have died. */
  addLast(job: Job): void {
    this.insert(job, (other) => other.deaths > job.deaths);
  }

  drop(feed: Feed): void {
    for (let n = this.jobs.length - 1; n >= 0; n--) if (this.jobs[n].feed === feed) this.jobs.splice(n, 1);
  }

  /** The first one of which workers have died, or of which none has; as much of it as a worker may still be given. */
  take(haveDied: boolean, mostCalls: number, mayGive: (feed: Feed) => boolean): Job | undefined {
    for (const [index, job] of this.jobs.entries()) {
      if (job.deaths > 0 !== haveDied || !mayGive(job.feed)) continue;
      if (job.calls <= mostCalls) this.jobs.splice(index, 1);
      else this.jobs[index] = job.part(mostCalls, job.calls);
      return job.calls <= mostCalls ? job : job.part(0, mostCalls);
    }
    return undefined;
  }

  private insert(job: Job, goesBehind: (other: Job) => boolean): void {
    const at = this.jobs.findIndex(goesBehind);
    this.jobs.splice(at < 0 ? this.jobs.length : at, 0, job);
  }
}
