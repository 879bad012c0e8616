import { type FSWatcher, watch } from "node:fs";
import type { Bounds } from "../bounds.js";
import type { FileLocks } from "./file-locks.js";
import { Intent, type Turn } from "./file-turn.js";
import type { QueueLog } from "./queue-log.js";
import type { QueueState } from "./queue-state.js";
import { RecordWriter } from "./record-writer.js";

/** Records of one frame; what is more waits for the next. */
const MOST_BYTES = 8 << 20;
/** Who waits looks so often, in milliseconds, whether a consumer has died, or news came without a notice. */
const LOOK_EVERY = 250;

/*
 * Turns at a queue's files
 *
 * Idea    Calls gather while another turn is under way; then one takes the lock, and all of them go into one frame. So a
 *         sync is shared by all that were called while the one before ran, and by nobody when there is nobody.
 * States  An intent waits for a turn, or for something to happen (a message, room), or is done.
 * Order   In a turn in the order of the calls.
 * Wake    The kernel tells of changes in the folder (inotify). Notices can be missing (network file systems, no watch left):
 *         whoever waits also looks four times a second, as it must for dead consumers, of whom nobody tells.
 * Death   A seat whose byte is unlocked and that still has messages is dead: whoever is in its turn and wants messages
 *         writes that down first.
 */
export class FileTurns {
  /** Our consumer's seat; 0 before the first message is taken. */
  seat = 0;
  private intents: Intent<unknown>[] = [];
  private running: Promise<void> | undefined;
  private watcher: FSWatcher | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** Something was called that has not had a turn yet. */
  private isFresh = false;

  constructor(
    private readonly folder: string,
    private readonly locks: FileLocks,
    private readonly log: QueueLog,
    private readonly state: QueueState,
  ) {}

  /** Has something planned in one of the next turns. */
  submit<T>(plan: (turn: Turn) => (() => T) | undefined, isTaking = false, bounds?: Bounds): Promise<T> {
    const intent = new Intent<T>(plan, isTaking, bounds, (one) => this.forget(one as Intent<unknown>));
    this.isFresh = true;
    this.intents.push(intent as Intent<unknown>);
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
    // what was called before is done
    while (this.running !== undefined) await this.running;
    this.isClosed = true;
    this.disarm();
    this.watcher?.close();
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
    const planned: { intent: Intent<unknown>; finish: () => unknown }[] = [];
    const waiting: Intent<unknown>[] = [];
    let isMore = false;
    try {
      await this.log.refresh(this.state, false);
      if (this.intents.some((intent) => intent.isTaking)) await this.sweep();
      const turn: Turn = { records: new RecordWriter(), moment: Date.now(), added: 0, isFull: false, mustSync: false };
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
        await this.log.append(turn.records, this.state, turn.mustSync);
        isMore ||= waiting.length > 0;
      }
      for (const { intent, finish } of planned) intent.finish(finish);
      await this.log.compact(this.state);
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

  /** Takes our seat, and gives back what dead consumers had. */
  private async sweep(): Promise<void> {
    const isNew = this.seat === 0;
    if (isNew) this.seat = this.locks.takeSeat();
    const records = new RecordWriter();
    for (const seat of this.state.seats())
      if (seat === this.seat ? isNew : !this.locks.isAlive(seat)) records.left(seat);
    if (!records.isEmpty) await this.log.append(records, this.state, false);
  }

  private rejectAll(intents: readonly Intent<unknown>[], error: unknown): void {
    for (const intent of intents) intent.reject(error);
  }

  private forget(intent: Intent<unknown>): void {
    this.intents = this.intents.filter((one) => one !== intent);
    if (this.intents.length === 0) this.disarm();
  }

  private arm(): void {
    if (this.isClosed || this.intents.length === 0) return;
    try {
      this.watcher ??= watch(this.folder, { persistent: false }, () => {
        if (this.running === undefined && this.intents.length > 0 && this.log.hasNews) this.start();
      }).on("error", () => undefined);
    } catch {
      // without notices the timer is enough
    }
    if (this.isFresh || this.log.hasNews) return this.start();
    const pause = Math.min(LOOK_EVERY, Math.max(1, this.state.nextArrival - Date.now()));
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const isDue = this.state.taken > 0 || this.state.nextArrival <= Date.now();
      if (isDue || this.log.hasNews) this.start();
      else this.arm();
    }, pause);
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
