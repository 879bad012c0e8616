import { deadlineOf, type SyncWaitOptions, type WaitOptions } from "../../deadline.js";
import { CodecError, UsageError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { unitsOf } from "../../rings/broadcast-ring.js";
import { parker } from "../../sync/parker.js";
import type { Wait } from "../../sync/wait.js";
import type { Descriptor } from "../handle.js";
import { type Body, commitBody, encodeBody, undoBody } from "../message-body.js";
import { type Outcome, WaitingCalls } from "../waiting-calls.js";
import type { Published, TopicCore } from "./topic-core.js";

const DONE = Promise.resolve();

/** A message as it is published. */
interface Message {
  readonly key: Uint8Array;
  readonly body: Body;
}

/** What one handle has to publish. Its calls that wait for room go in the order in which they came. */
export class TopicPublishing {
  private readonly calls: WaitingCalls<PublishWait, void>;

  constructor(
    private readonly core: TopicCore,
    private readonly label: string,
  ) {
    this.calls = new WaitingCalls((wait, isLast) => {
      undoBody(wait.message.body, core.folder);
      if (!isLast) parker().wake(core.holding.self); // the next one may need less room
      return undefined;
    });
  }

  tryPublish(key: Uint8Array, value: unknown): boolean {
    if (this.calls.size > 0) return false;
    const message = this.encode(key, value, "tryPublish()", false);
    if (this.attempt(message, true) === "done") return true;
    undoBody(message.body, this.core.folder);
    return false;
  }

  publish(key: Uint8Array, value: unknown, holdsLoop: boolean, by: object, options: WaitOptions = {}): Promise<void> {
    const operation = `${this.label}: publish()`;
    if (options.timeout !== undefined) deadlineOf(options.timeout, operation);
    options.signal?.throwIfAborted();
    const message = this.begin(key, value, "publish()");
    if (!message) return turnIsDue() ? nextTurn() : DONE;
    const make = (outcome: Outcome<void>): PublishWait => this.enqueue(message, holdsLoop, outcome);
    return this.calls.inLoop({ by, operation, options, undelivered: value, make });
  }

  publishSync(key: Uint8Array, value: unknown, by: object, options: SyncWaitOptions = {}): void {
    const operation = `${this.label}: publishSync()`;
    deadlineOf(options.timeout, operation);
    const message = this.begin(key, value, "publishSync()");
    if (!message) return;
    if (options.timeout === undefined) this.requireOthers(operation, message);
    const make = (outcome: Outcome<void>): PublishWait => this.enqueue(message, true, outcome);
    this.calls.blocking({ by, operation, options, undelivered: value, make });
  }

  rejectAll(by: object, error: () => Error): void {
    this.calls.rejectAll(by, error);
  }

  setHoldsLoop(by: object, held: boolean): void {
    this.calls.setHoldsLoop(by, held);
  }

  /** Publishes; a message for which there is no room is prepared to wait, with a copy of its bytes. */
  private begin(key: Uint8Array, value: unknown, operation: string): Message | undefined {
    const mustWait = this.calls.size > 0;
    const message = this.encode(key, value, operation, mustWait);
    if (!mustWait && this.attempt(message, false) === "done") return undefined;
    const { body } = message;
    return mustWait ? message : { key, body: { ...body, bytes: body.bytes.slice(0, body.length) } };
  }

  private encode(key: Uint8Array, value: unknown, operation: string, keep: boolean): Message {
    const { core } = this;
    const body = encodeBody(value, core.share, core.folder, keep);
    if (!body.given.some(({ descriptor }) => isEnd(descriptor))) return { key, body };
    undoBody(body, core.folder);
    throw new CodecError(
      `${this.label}: ${operation} of a connection end, which can have one owner only; allowed: anything else`,
    );
  }

  /** What an attempt throws has left nothing behind. */
  private attempt({ key, body }: Message, patient: boolean): Published {
    const { core } = this;
    let result: Published;
    try {
      result = core.publish(key, body.bytes, body.length, body.flags, patient);
    } catch (error) {
      undoBody(body, core.folder);
      throw error;
    }
    if (result === "done") commitBody(body);
    if (result === "unheard") undoBody(body, core.folder);
    return result === "unheard" ? "done" : result;
  }

  private enqueue(message: Message, holdsLoop: boolean, outcome: Outcome<void>): PublishWait {
    const units = unitsOf(message.key.length, message.body.length);
    const attempt = (): boolean => {
      if (!this.calls.serveBefore(wait) || !this.core.mayHaveRoom(units)) return false;
      try {
        if (this.attempt(message, false) !== "done") return false;
        outcome.resolve();
      } catch (error) {
        outcome.reject(error as Error);
      }
      return true;
    };
    const wait = new PublishWait(this.core, message, units, attempt, holdsLoop);
    return wait;
  }

  private requireOthers(operation: string, { body, key }: Message): void {
    const { core } = this;
    // it waits for those before it as well
    const units = Math.max(unitsOf(key.length, body.length), ...[...this.calls.waits].map((wait) => wait.units));
    const slow = core.slow(units);
    if (slow.length === 0 || slow.some((owner) => owner !== core.holding.self)) return;
    undoBody(body, core.folder);
    throw new UsageError(
      `${operation} without a timeout, and only this very thread's subscriptions are behind: nobody could ever end the wait`,
    );
  }
}

/** One call that waits to publish. */
class PublishWait implements Wait {
  constructor(
    private readonly core: TopicCore,
    readonly message: Message,
    readonly units: number,
    readonly attempt: () => boolean,
    public holdsLoop: boolean,
  ) {}

  arm(): void {
    this.core.writers.arm(this);
  }

  disarm(): void {
    this.core.writers.disarm(this);
  }

  recheck(): void {
    this.core.writers.armAgain(this);
    this.core.forgetDead();
  }

  peers(): readonly number[] {
    const before = this.core.writers.predecessor();
    const slow = this.core.slow(this.units).filter((owner) => owner !== this.core.holding.self);
    return before === 0 || slow.includes(before) ? slow : [...slow, before];
  }
}

/** Whether a descriptor is a connection end's, or has one in it. */
export function isEnd(descriptor: Descriptor): boolean {
  if (descriptor.kind === "pipe") return true;
  return Object.values(descriptor).some(
    (part) => typeof part === "object" && part !== null && "link" in part && isEnd(part as Descriptor),
  );
}
