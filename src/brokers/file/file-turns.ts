import type { Bounds } from "../bounds.js";
import type { FileLocks } from "./file-locks.js";
import type { FileLog } from "./file-log.js";
import { Intent, type Turn } from "./file-turn.js";
import { FolderNews } from "./folder-news.js";
import type { FrameRecords } from "./frame-records.js";

/** Records of one frame; what is more waits for the next. */
const MOST_BYTES = 8 << 20;
/** So long what was called before waits for its turn when the end is closed. */
const GOODBYE_MS = 2000;

/** Whose turns they are. */
export interface TurnsOwner<R extends FrameRecords> {
  /** What is to be written down of dead consumers before anything is planned; `isTaking`: some call wants messages. */
  sweep(isTaking: boolean): R | undefined;
  /** Somebody has taken something, and may die. */
  readonly hasTaken: boolean;
  /** When something will be ready that is not ready now, in milliseconds since 1970. */
  readonly nextArrival: number;
}

/*
 * Turns at the files of a queue or a topic
 *
 * Idea    Calls gather while another turn is under way; then one takes the lock, and all of them go into one frame. So a
 *         sync is shared by all that were called while the one before ran, and by nobody when there is nobody.
 * States  An intent waits for a turn, or for something to happen (a message, room), or is done.
 * Order   In a turn in the order of the calls.
 * Wake    News of the folder (see FolderNews), and a look four times a second, as there must be for dead consumers, of whom
 *         nobody tells.
 * Death   A seat whose byte is unlocked and that still has messages is dead: whoever is in its turn and wants messages
 *         writes that down first.
 */
export class FileTurns<R extends FrameRecords> {
  private intents: Intent<unknown, R>[] = [];
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** Something was called that has not had a turn yet. */
  private isFresh = false;

  constructor(
    private readonly news: FolderNews,
    private readonly locks: FileLocks,
    private readonly log: FileLog<R>,
    private readonly owner: TurnsOwner<R>,
  ) {}

  /** Has something planned in one of the next turns. */
  submit<T>(plan: (turn: Turn<R>) => (() => T) | undefined, isTaking = false, bounds?: Bounds): Promise<T> {
    const intent = new Intent<T, R>(plan, isTaking, bounds, (one) => this.forget(one as Intent<unknown, R>));
    if (this.isClosed) intent.reject(new Error("closed"));
    if (!intent.isWanted) return intent.promise;
    this.isFresh = true;
    this.intents.push(intent as Intent<unknown, R>);
    this.start();
    return intent.promise;
  }

  /** Looks whether those that wait can go on. */
  start(): void {
    if (this.running !== undefined || this.isClosed || this.intents.length === 0) return;
    this.disarm();
    this.running = this.run().finally(() => {
      this.running = undefined;
      this.arm();
    });
  }

  async close(): Promise<void> {
    // what was called before is done, unless another process has stopped in the middle of its turn
    const timer = setTimeout(() => this.rejectAll(this.intents.splice(0), new Error("closed")), GOODBYE_MS);
    while (this.running !== undefined) await this.running;
    clearTimeout(timer);
    this.isClosed = true;
    this.disarm();
    this.news.leave(this.look);
    for (const intent of this.intents.splice(0)) intent.reject(new Error("closed"));
  }

  private async run(): Promise<void> {
    // calls of the same tick go together
    await Promise.resolve();
    while (await this.turn());
  }

  /** Gives whether another turn may do more. */
  private async turn(): Promise<boolean> {
    try {
      if (!(await this.locks.acquire(() => this.intents.length > 0))) return false;
    } catch (error) {
      this.rejectAll(this.intents.splice(0), error);
      return false;
    }
    const planned: { intent: Intent<unknown, R>; finish: () => unknown }[] = [];
    const waiting: Intent<unknown, R>[] = [];
    let isMore = false;
    try {
      await this.log.refresh(false);
      const dead = this.owner.sweep(this.intents.some((intent) => intent.isTaking));
      if (dead !== undefined && !dead.isEmpty) await this.log.append(dead, false);
      const records = this.log.newRecords();
      const turn: Turn<R> = { records, moment: Date.now(), added: 0, isFull: false, mustSync: false };
      const all = this.intents;
      this.intents = [];
      this.isFresh = false;
      for (const [index, intent] of all.entries()) {
        if (!intent.isWanted) continue;
        if (turn.records.bytes > MOST_BYTES) {
          waiting.push(...all.slice(index));
          isMore = true;
          break;
        }
        const finish = intent.plan(turn);
        if (finish) planned.push({ intent, finish });
        else if (intent.isWanted) waiting.push(intent);
      }
      if (!turn.records.isEmpty) {
        await this.log.append(turn.records, turn.mustSync);
        isMore ||= waiting.length > 0;
      }
      for (const { intent, finish } of planned) intent.finish(finish);
      await this.log.compact();
    } catch (error) {
      // what was picked and not written down stands in no line any more: it is read anew
      this.log.close();
      this.rejectAll(
        [...planned.map(({ intent }) => intent), ...(planned.length === 0 ? waiting.splice(0) : [])],
        error,
      );
      if (planned.length === 0) this.rejectAll(this.intents.splice(0), error);
    } finally {
      this.locks.release();
    }
    isMore ||= this.intents.length > 0;
    this.intents.unshift(...waiting.filter((intent) => intent.isWanted));
    return isMore;
  }

  private rejectAll(intents: readonly Intent<unknown, R>[], error: unknown): void {
    for (const intent of intents) intent.reject(error);
  }

  private readonly look = (): void => {
    if (this.running === undefined && this.intents.length > 0 && this.log.hasNews) this.start();
  };

  private forget(intent: Intent<unknown, R>): void {
    this.intents = this.intents.filter((one) => one !== intent);
    if (this.intents.length === 0) this.disarm();
  }

  private arm(): void {
    if (this.isClosed || this.intents.length === 0) return;
    this.news.join(this.look);
    if (this.isFresh || this.log.hasNews) return this.start();
    const pause = Math.min(FolderNews.lookEveryMs, Math.max(1, this.owner.nextArrival - Date.now()));
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const isDue = this.owner.hasTaken || this.owner.nextArrival <= Date.now();
      if (isDue || this.log.hasNews) this.start();
      else this.arm();
    }, pause);
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
