import { type Connection, type Exit, type Process, pipe, SharedArray, spawn } from "../../index.js";
import { Failure } from "../failure.js";
import { Backlog } from "./backlog.js";
import type { Batch } from "./batches.js";
import { addTally, TALLY_LENGTH } from "./tally.js";
import { Total } from "./total.js";
import { type Assignment, countWords, type Finished } from "./worker.js";

/** So many batches a worker has at once: it finds the next one when it has finished one. */
const WINDOW = 2;
/** When so many were lost for each that was asked for, it is no accident. */
const MOST_LOST = 3;

interface Member {
  readonly process: Process<void>;
  readonly work: Connection<Assignment | null, Finished>;
  /** By the row that its sums go to. */
  readonly unfinished: Map<number, Batch>;
  readonly freeRows: number[];
}

/** A worker that ended before its work did. */
export interface LostWorker extends Exit {
  readonly pid: number;
  /** Batches that it had; others counted them. */
  readonly batches: number;
}

/**
 * Worker processes that count the words below a folder. Each is fed through a pipe of its own as fast as it answers, and
 * adds the sums of each batch to a row of one shared array that this batch alone has. Only rows of answered batches are
 * read, so when a worker is killed, the batches that it had are given to others and each file is counted exactly once.
 */
export class Crew {
  readonly total = new Total();
  readonly backlog: Backlog;
  readonly lost: LostWorker[] = [];
  /** Messages that went through the pipes, both ways. */
  messages = 0;
  private readonly members = new Set<Member>();
  private readonly rows: SharedArray<"f64">;
  private readonly ended = new AbortController();
  private failure: unknown;

  /**
   * @param onChange is called after each answer, and when the walk has found more
   * @param worker what each process runs
   */
  constructor(
    private readonly folder: string,
    private readonly processes: number,
    private readonly onChange: (crew: Crew) => void,
    private readonly worker: typeof countWords = countWords,
  ) {
    this.backlog = new Backlog(folder);
    this.rows = new SharedArray("f64", processes * WINDOW * TALLY_LENGTH);
  }

  /** Those that run now. */
  get pids(): number[] {
    return [...this.members].map(({ process }) => process.pid);
  }

  /** Resolves when all is counted and the workers have ended. @throws Failure; the signal's reason when it is aborted */
  async run(signal?: AbortSignal): Promise<void> {
    const stop = (): void => this.stop();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      signal?.throwIfAborted();
      if (!this.backlog.hasMore()) return;
      const lanes = Array.from({ length: this.processes }, (_, lane) => this.guard(this.staff(lane)));
      const walking = this.backlog.lookAhead(() => this.onChange(this), this.ended.signal);
      await Promise.all([...lanes, this.guard(walking)]);
      if (this.failure) throw this.failure;
      signal?.throwIfAborted();
    } finally {
      signal?.removeEventListener("abort", stop);
      this.rows.close();
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
        this.feed(member);
        for await (const finished of member.work) this.take(member, finished);
      } catch (error) {
        member.process.kill();
        throw error;
      } finally {
        await this.part(member);
      }
    }
  }

  private hire(lane: number): Member {
    const freeRows = Array.from({ length: WINDOW }, (_, index) => lane * WINDOW + index);
    for (const row of freeRows) this.rowOf(row).fill(0); // a lost worker may have begun to add
    const [work, theirs] = pipe<Assignment | null, Finished>();
    try {
      const process = spawn(this.worker, [theirs, this.rows, this.folder], { name: `counter-${lane + 1}` });
      const member = { process, work, unfinished: new Map<number, Batch>(), freeRows };
      this.members.add(member);
      return member;
    } catch (error) {
      for (const end of [work, theirs]) end.close();
      throw error;
    }
  }

  private feed(member: Member): void {
    while (member.freeRows.length > 0) {
      const batch = this.backlog.next();
      if (!batch) break;
      const row = member.freeRows.pop() as number;
      member.unfinished.set(row, batch);
      this.tell(member, { paths: batch.paths, row });
    }
    if (!this.backlog.hasMore() && [...this.members].every(({ unfinished }) => unfinished.size === 0)) this.finish();
  }

  private take(member: Member, finished: Finished): void {
    const batch = member.unfinished.get(finished.row) as Batch;
    const row = this.rowOf(finished.row);
    addTally(this.total.tally, row);
    row.fill(0);
    this.total.words.merge(finished.words);
    this.total.note(batch, finished);
    this.messages++;
    member.unfinished.delete(finished.row);
    member.freeRows.push(finished.row);
    this.feed(member);
    this.onChange(this);
  }

  /** A worker has gone, orderly or not; what it had not answered is for others. */
  private async part(member: Member): Promise<void> {
    const exit = await member.process.join();
    member.work.close();
    this.members.delete(member);
    if (exit.code === 0 && member.unfinished.size === 0) return;
    const batches = [...member.unfinished.values()];
    this.lost.push({ ...exit, pid: member.process.pid, batches: batches.length });
    this.backlog.giveBack(batches);
    if (this.lost.length > MOST_LOST * this.processes) {
      const how = exit.signal ?? `exit code ${exit.code}`;
      throw new Failure(
        `${this.lost.length} workers were lost; the last, by ${how}, had ${batches[0]?.paths[0] ?? "no file"}`,
      );
    }
    for (const other of this.members) this.feed(other);
  }

  private rowOf(row: number): Float64Array {
    return this.rows.view.subarray(row * TALLY_LENGTH, (row + 1) * TALLY_LENGTH);
  }

  private tell(member: Member, message: Assignment | null): void {
    this.messages++;
    member.work.send(message).catch(() => undefined); // the loop over its answers ends too, and sees to it
  }

  /** All is counted: the workers are sent home. */
  private finish(): void {
    if (this.ended.signal.aborted) return;
    this.ended.abort();
    for (const member of this.members) this.tell(member, null);
  }

  /** At once, whatever is not counted yet. */
  private stop(): void {
    this.ended.abort();
    for (const { process } of this.members) process.kill();
  }
}
