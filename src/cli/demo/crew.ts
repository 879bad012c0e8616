import { type Connection, type Exit, type Process, pipe, Queue, Semaphore, SharedArray, spawn } from "../../index.js";
import { Failure } from "../failure.js";
import { Backlog } from "./backlog.js";
import type { Batch } from "./batches.js";
import { addTally, TALLY_LENGTH } from "./tally.js";
import { Total } from "./total.js";
import { type Assignment, countWords, type Finished } from "./worker.js";

/** So many batches for each worker are on their way: it finds the next one when it has finished one. */
const WINDOW = 2;
/** When so many were lost for each that was asked for, it is no accident. */
const MOST_LOST = 3;

/** So many files are open in all workers together; with more workers than that, they take turns. */
const MOST_OPEN_FILES = 64;

interface Member {
  readonly process: Process<void>;
  readonly answers: Connection<never, Finished>;
}

/** A worker that ended before its work did. */
export interface LostWorker extends Exit {
  readonly pid: number;
}

/**
 * Worker processes that count the words below a folder. They take batches from one queue and acknowledge each when they
 * have answered it, through a pipe of their own. The sums of a batch stand in a row of a shared array by then; so many
 * rows as there are, so many batches are on their way at once. What a killed worker had not acknowledged, the queue
 * gives to another one, who sends its sums inside the answer, for the row may be another batch's by then. The first
 * answer of each batch counts, so each file is counted exactly once.
 */
export class Crew {
  readonly total = new Total();
  readonly backlog: Backlog;
  readonly lost: LostWorker[] = [];
  /** Messages that went through the queue and the pipes. */
  messages = 0;
  private readonly members = new Set<Member>();
  private readonly jobs = new Queue<Assignment>();
  private readonly openFiles: Semaphore;
  private readonly rows: SharedArray<"f64">;
  private readonly freeRows: number[];
  /** By number, in their order. */
  private readonly unanswered = new Map<number, { readonly batch: Batch; readonly row: number }>();
  private readonly again = new Set<number>();
  private readonly ended = new AbortController();
  private nextNumber = 0;
  private failure: unknown;

  /**
   * @param onChange is called after each answer, and when the walk has found more
   * @param worker what each process runs
   * @param openFiles how many files may be open in all workers together
   */
  constructor(
    private readonly folder: string,
    private readonly processes: number,
    private readonly onChange: (crew: Crew) => void,
    private readonly worker: typeof countWords = countWords,
    openFiles = MOST_OPEN_FILES,
  ) {
    this.backlog = new Backlog(folder);
    this.openFiles = new Semaphore(openFiles);
    this.rows = new SharedArray("f64", processes * WINDOW * TALLY_LENGTH);
    this.freeRows = Array.from({ length: processes * WINDOW }, (_, row) => row);
  }

  /** Those that run now. */
  get pids(): number[] {
    return [...this.members].map(({ process }) => process.pid);
  }

  /** Batches that were given to another worker because the one that had taken them ended. */
  get redelivered(): number {
    return this.again.size;
  }

  /** Resolves when all is counted and the workers have ended. @throws Failure; the signal's reason when it is aborted */
  async run(signal?: AbortSignal): Promise<void> {
    const stop = (): void => this.stop();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      signal?.throwIfAborted();
      if (!this.backlog.hasMore()) return;
      this.feed();
      const lanes = Array.from({ length: this.processes }, (_, lane) => this.guard(this.staff(lane)));
      const walking = this.backlog.lookAhead(() => this.onChange(this), this.ended.signal);
      await Promise.all([...lanes, this.guard(walking)]);
      if (this.failure) throw this.failure;
      signal?.throwIfAborted();
    } finally {
      signal?.removeEventListener("abort", stop);
      for (const object of [this.jobs, this.openFiles, this.rows]) object.close();
    }
  }

  /** The first of all that goes wrong ends everything, and is told when everything has ended. */
  private async guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.failure ??= error;
      this.stop();
    }
  }

  /** Keeps one lane staffed until all is counted: a worker that is lost is replaced. */
  private async staff(lane: number): Promise<void> {
    while (!this.ended.signal.aborted) {
      const member = this.hire(lane);
      try {
        for await (const finished of member.answers) this.take(finished);
      } catch (error) {
        member.process.kill();
        throw error;
      } finally {
        await this.part(member);
      }
    }
  }

  private hire(lane: number): Member {
    const [answers, theirs] = pipe<never, Finished>();
    try {
      const things = [this.jobs, theirs, this.rows, this.openFiles, this.folder] as const;
      const process = spawn(this.worker, [...things], { name: `counter-${lane + 1}` });
      const member = { process, answers };
      this.members.add(member);
      return member;
    } catch (error) {
      for (const end of [answers, theirs]) end.close();
      throw error;
    }
  }

  /** Puts batches into the queue as long as there are rows for them. */
  private feed(): void {
    while (this.freeRows.length > 0) {
      const batch = this.backlog.next();
      if (!batch) break;
      const row = this.freeRows.pop() as number;
      this.rowOf(row).fill(0); // a lost worker may have begun to add
      const number = this.nextNumber++;
      this.unanswered.set(number, { batch, row });
      this.messages++;
      void this.guard(this.jobs.put({ number, paths: batch.paths, row }));
    }
    if (this.unanswered.size === 0) this.finish();
  }

  private take(finished: Finished): void {
    this.messages++;
    const { number, sums } = finished;
    if (sums) this.again.add(number);
    const first = this.unanswered.get(number);
    if (!first) return; // the one who died before had answered already
    this.unanswered.delete(number);
    addTally(this.total.tally, sums ?? this.rowOf(first.row));
    this.total.words.merge(finished.words);
    this.total.note(first.batch, finished);
    this.freeRows.push(first.row);
    this.feed();
    this.onChange(this);
  }

  /** A worker has gone, orderly or not; the queue gives what it had taken to others. */
  private async part(member: Member): Promise<void> {
    const exit = await member.process.join();
    member.answers.close();
    this.members.delete(member);
    if (exit.code === 0 && this.ended.signal.aborted) return;
    this.lost.push({ ...exit, pid: member.process.pid });
    if (this.lost.length <= MOST_LOST * this.processes) return;
    const [oldest] = this.unanswered.values();
    const how = exit.signal ?? `exit code ${exit.code}`;
    throw new Failure(
      `${this.lost.length} workers were lost, the last one by ${how}; the oldest batch without an answer begins with ` +
        (oldest?.batch.paths[0] ?? "no file"),
    );
  }

  private rowOf(row: number): Float64Array {
    return this.rows.view.subarray(row * TALLY_LENGTH, (row + 1) * TALLY_LENGTH);
  }

  /** All is counted: the workers are sent home. */
  private finish(): void {
    if (this.ended.signal.aborted) return;
    this.ended.abort();
    this.jobs.shutdown({ immediate: true });
  }

  /** At once, whatever is not counted yet. */
  private stop(): void {
    this.ended.abort();
    for (const { process } of this.members) process.kill();
  }
}
