import type { AsyncMessage, AsyncQueue } from "../async-queue.js";
import type { DrivenMessage } from "../brokers/driven-message.js";
import { CodecError, UsageError } from "../errors.js";
import { REFERENCE, type Reference } from "../rpc/calls.layout.js";
import { exposedMethod } from "../rpc/exposed-method.js";
import { joinValue } from "../rpc/references.js";
import { describeFailure, failureOf, type RemoteFailure, restoreFailure } from "../rpc/remote-failure.js";
import { CallCodec } from "./call-codec.js";
import type { CallAnswer, CallRequest } from "./calls-by-url.layout.js";
import type { Mailbox, Received } from "./mailbox.js";

const DEEPEST_PATH = 16;

/** A request that was taken, and how it is answered. */
interface Asked {
  readonly message: AsyncMessage<CallRequest>;
  readonly id: string;
  readonly from: string;
  readonly codec: CallCodec;
}

/*
 * Calls through a queue: the server's side
 *
 * Idea    A server takes requests from the queue, as many as it has places, runs each, sends the answer to its caller's mailbox, and
 *         then acknowledges the request.
 * States  A request is taken, runs, is answered, is acknowledged.
 * Order   Methods begin in the order of the queue and end in any.
 * Death   Before the acknowledgement: the queue gives the request to another server, marked, who runs or refuses it.
 * Limits  Between the answer and the acknowledgement a request can be given out once more; the second answer is nobody's.
 */
export class ServedCalls {
  /** Resolves when it serves no more, and all that it had begun is answered; rejects with what has ended the queue. */
  readonly closed: Promise<void>;
  private readonly running = new Map<string, AbortController[]>();
  private readonly stop = new AbortController();
  private isEnding = false;
  private busy = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly api: object,
    private readonly queue: AsyncQueue<CallRequest>,
    private readonly mailbox: Mailbox,
    private readonly options: { readonly maxServed: number; readonly isRefusing: boolean },
  ) {
    mailbox.hold(true);
    this.closed = this.serve().finally(() => Promise.all([mailbox.close(), queue.close()]));
    this.closed.catch(() => undefined);
  }

  /** Takes no more calls, and resolves when those that run are answered. */
  async close(): Promise<void> {
    this.isEnding = true;
    await this.until(() => this.busy === 0);
    this.stop.abort();
    this.changed();
    await this.closed;
  }

  /** What has come into the mailbox: aborts of calls that run here. */
  readonly heard = ({ body, contentType }: Received): void => {
    try {
      const { id, abort } = CallCodec.of(contentType).decode(body) as CallAnswer;
      const controllers = this.running.get(id);
      if (controllers === undefined || typeof abort !== "object" || abort === null) return;
      const reason = reasonOf(abort);
      for (const one of controllers) one.abort(reason);
    } catch {
      // it is none: nobody waits for an answer to it
    }
  };

  private async serve(): Promise<void> {
    try {
      for await (const message of this.queue.messages({ signal: this.stop.signal })) {
        // what came while this ends stays as it is, and goes back with the end of the loop
        if (!this.isEnding) this.begin(message);
        await this.until(() => this.busy < this.options.maxServed && !this.isEnding);
      }
    } catch (error) {
      if (!this.stop.signal.aborted) throw error;
    }
  }

  private begin(message: AsyncMessage<CallRequest>): void {
    this.busy++;
    this.work(message)
      // without an answer or an acknowledgement, the queue gives it to somebody else
      .catch(() => message.nack().catch(() => undefined))
      .finally(() => {
        this.busy--;
        this.changed();
      });
  }

  /** Resolves once that is so, or it has ended. */
  private async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.stop.signal.aborted)
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
  }

  /** What is waited for may be so now. */
  private changed(): void {
    for (const look of this.waiting.splice(0)) look();
  }

  private async work(message: AsyncMessage<CallRequest>): Promise<void> {
    const { incoming } = message as Partial<DrivenMessage<CallRequest>>;
    const codec = CallCodec.of(message.contentType);
    let request: Partial<CallRequest> = {};
    let unreadable: string | undefined;
    try {
      request = checked(message.value);
    } catch (error) {
      unreadable = (error as Error).message;
    }
    const id = request.id ?? incoming?.correlationId;
    const from = request.from ?? incoming?.replyTo;
    // nobody can be answered
    if (id === undefined || from === undefined) return message.nack({ requeue: false });
    const asked: Asked = { message, id, from, codec };
    if (unreadable !== undefined) return this.answer(asked, { id, unreadable });
    if (request.until !== undefined && request.until < Date.now()) return message.ack();
    if (message.redelivered && this.options.isRefusing) return this.answer(asked, { id, abandoned: true });
    await this.run(asked, request as CallRequest);
  }

  private async run(asked: Asked, { method, args: packed, signals = [] }: CallRequest): Promise<void> {
    const { id, codec } = asked;
    const controllers: AbortController[] = [];
    let args: unknown[];
    try {
      const refs = signals.map((path, index): Reference => [path, REFERENCE.signal, index]);
      args = joinValue(codec.unpack(packed), refs.length > 0 ? refs : undefined, () => {
        const controller = new AbortController();
        controllers.push(controller);
        return controller.signal;
      }) as unknown[];
      if (!Array.isArray(args)) throw new CodecError(`the arguments are ${typeof args}; allowed: an array of them`);
    } catch (error) {
      return this.answer(asked, { id, unreadable: (error as Error).message });
    }
    this.running.set(id, controllers);
    try {
      if (controllers.length > 0) await this.send(asked, { id, began: this.mailbox.address });
      const found = exposedMethod(this.api, method as string);
      const result = await Reflect.apply(found.call, found.object, args);
      await this.answer(asked, this.resultOf(asked, result)).catch((error) => this.answerUnsent(asked, error));
    } catch (error) {
      if (error instanceof Unsent) throw error;
      await this.answer(asked, { id, failure: describeFailure(error) });
    } finally {
      this.running.delete(id);
    }
  }

  private resultOf({ id, codec }: Asked, result: unknown): CallAnswer {
    try {
      return { id, result: codec.pack(result) };
    } catch (error) {
      return { id, failure: cannotSend(error) };
    }
  }

  /** What cannot be sent at all (there is no room for it) is not sent again; what may be sent later is done again. */
  private async answerUnsent(asked: Asked, error: unknown): Promise<void> {
    const cause = error instanceof Unsent ? error.cause : error;
    if ((cause as { retryable?: boolean }).retryable) throw error;
    await this.answer(asked, { id: asked.id, failure: cannotSend(cause) });
  }

  private async answer(asked: Asked, answer: CallAnswer): Promise<void> {
    await this.send(asked, answer);
    // it is answered: that it may be given out again is what `redelivered` says
    await asked.message.ack().catch(() => undefined);
  }

  private async send({ id, from, codec }: Asked, answer: CallAnswer): Promise<void> {
    try {
      await this.mailbox.send({ to: from, id, body: codec.encode(answer), contentType: codec.contentType });
    } catch (error) {
      throw new Unsent(error);
    }
  }
}

/** An answer could not be sent. */
class Unsent extends Error {
  constructor(cause: unknown) {
    super("an answer could not be sent", { cause });
  }
}

function cannotSend(error: unknown): RemoteFailure {
  const failure = describeFailure(error);
  return { ...failure, message: `the result cannot be sent: ${failure.message}` };
}

/** @throws UsageError for what is no request */
function checked(value: unknown): CallRequest {
  const { id, from, method, args, signals, until } = (
    typeof value === "object" && value !== null ? value : {}
  ) as Partial<Record<keyof CallRequest, unknown>>;
  const isPath =
    Array.isArray(method) &&
    method.length > 0 &&
    method.length <= DEEPEST_PATH &&
    method.every((name) => typeof name === "string");
  const isText = (one: unknown): boolean => one === undefined || typeof one === "string";
  const isRequest =
    isText(id) &&
    isText(from) &&
    (typeof method === "string" || isPath) &&
    (args === undefined || Array.isArray(args) || args instanceof Uint8Array) &&
    (signals === undefined || Array.isArray(signals)) &&
    (until === undefined || typeof until === "number");
  if (!isRequest) throw new UsageError("a message came that is no call: it has no method, or no array of args");
  return args === undefined ? { ...(value as CallRequest), args: [] } : (value as CallRequest);
}

function reasonOf(abort: object): unknown {
  if (!("failure" in abort)) return "reason" in abort ? abort.reason : undefined;
  const failure = failureOf(abort.failure);
  if (failure.name === "AbortError" || failure.name === "TimeoutError")
    return new DOMException(failure.message, failure.name);
  return restoreFailure(failure, "the caller's signal");
}
