import { randomUUID } from "node:crypto";
import { afterTurn } from "../after-turn.js";
import type { AsyncQueue } from "../async-queue.js";
import { now, startTimer, timedOut } from "../deadline.js";
import { AbandonedError, ClosedError, CodecError, UsageError } from "../errors.js";
import { REFERENCE } from "../rpc/calls.layout.js";
import { partValue } from "../rpc/references.js";
import { describeFailure, failureOf, restoreFailure } from "../rpc/remote-failure.js";
import { watchSignal } from "../rpc/watch-signal.js";
import { CallCodec } from "./call-codec.js";
import type { CallAnswer, CallRequest } from "./calls-by-url.layout.js";
import { LONGEST_MS } from "./calls-options.js";
import type { Mailbox, Received } from "./mailbox.js";

/** So many calls that were given up are remembered, in case that a server begins them. */
const MOST_GIVEN_UP = 10_000;
/** For so long this side listens whether that happens, although nobody waits for anything else. */
const LINGER_MS = 1000;

interface PendingCall {
  readonly label: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly putting: AbortController;
  readonly hasSignals: boolean;
  /** Of its timer and signals. */
  forget: () => void;
  /** The server's address, once it has begun. */
  at: string | undefined;
}

/*
 * Calls through a queue: the caller's side
 *
 * Idea    A request goes into the queue, which any server may take it from; its answer comes to the caller's own mailbox and is
 *         known by the call's id.
 * States  A call is being put, waits, has begun at a server that it knows (only calls with signals), or is over.
 * Order   Requests go in the order of the calls; answers come in any.
 * Death   A server that dies has not acknowledged its requests: the queue gives them to others. Nobody is told that a caller has died:
 *         his calls run, and their answers go nowhere.
 * Limits  An answer can be lost when the connection is cut (see the mailboxes): that is what the timeout is for, which is also
 *         the request's time to live where the queue has that. A call that was given up before a server has taken it is begun all the
 *         same, and hears of the abort at once.
 */
export class Calling {
  private readonly calls = new Map<string, PendingCall>();
  private readonly givenUp = new Map<string, unknown>();
  private isClosed = false;
  private lingersUntil = 0;

  constructor(
    private readonly queue: AsyncQueue<CallRequest>,
    private readonly mailbox: Pick<Mailbox, "address" | "send" | "hold" | "close">,
    private readonly codec: CallCodec,
    private readonly timeout: number,
  ) {}

  call(target: string | readonly string[], args: readonly unknown[]): Promise<unknown> {
    const label = `${typeof target === "string" ? target : target.join(".")}()`;
    return new Promise((resolve, reject) => {
      if (this.isClosed) throw new ClosedError(`${label}: the remote object was closed`, { resource: this.queue.url });
      const id = randomUUID();
      const { request, signals } = this.request(id, target, args, label);
      const forgets = signals.map((signal) => watchSignal(signal, () => this.giveUp(id, signal.reason)));
      const timer = startTimer(this.timeout, () => this.giveUp(id, timedOut(label, this.timeout)));
      const forget = (): void => {
        clearTimeout(timer);
        for (const one of forgets) one();
      };
      const putting = new AbortController();
      const hasSignals = signals.length > 0;
      this.calls.set(id, { label, resolve, reject, putting, hasSignals, forget, at: undefined });
      this.mailbox.hold(true);
      const ttl = this.queue.capabilities.has("ttl") && this.timeout <= LONGEST_MS ? { ttl: this.timeout } : {};
      this.queue.put(request, { ...ttl, signal: putting.signal }).catch((error) => this.settle(id)?.reject(error));
    });
  }

  /** What has come into the mailbox. What is no answer to a call of this side is nobody's. */
  readonly heard = ({ body, contentType }: Received): void => {
    const codec = CallCodec.of(contentType);
    let answer: Partial<CallAnswer>;
    try {
      const found = codec.decode(body);
      if (typeof found !== "object" || found === null) return;
      answer = found;
    } catch {
      return;
    }
    const { id } = answer;
    if (typeof id !== "string") return;
    if (typeof answer.began === "string") return this.begun(id, answer.began);
    this.givenUp.delete(id);
    const call = this.settle(id);
    if (!call) return;
    try {
      if (answer.failure !== undefined) call.reject(restoreFailure(failureOf(answer.failure), call.label));
      else if (answer.unreadable !== undefined)
        call.reject(new CodecError(`${call.label}: the other side cannot read the arguments: ${answer.unreadable}`));
      else if (answer.abandoned)
        call.reject(
          new AbandonedError(`${call.label}: the process that had begun it died`, { resource: this.queue.url }),
        );
      else call.resolve(codec.unpack(answer.result));
    } catch (error) {
      call.reject(error);
    }
  };

  /** Ends the calls that wait. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const closed = new ClosedError("the remote object was closed", { resource: this.queue.url });
    const aborts: Promise<void>[] = [];
    for (const [id, call] of this.calls) {
      this.settle(id)?.reject(new ClosedError(`${call.label}: the remote object was closed`, { cause: closed }));
      if (call.at !== undefined) aborts.push(this.abort(id, call.at, closed));
    }
    this.mailbox.hold(true);
    await Promise.all(aborts);
    await Promise.allSettled([this.mailbox.close(), this.queue.close()]);
  }

  /** @throws UsageError, CodecError, the reason of a signal that has fired already */
  private request(
    id: string,
    method: string | readonly string[],
    args: readonly unknown[],
    label: string,
  ): { request: CallRequest; signals: AbortSignal[] } {
    const signals: AbortSignal[] = [];
    const { value, refs } = partValue(args, (found, kind) => {
      if (kind !== REFERENCE.signal)
        throw new UsageError(
          `${label}: a function, a sequence or a stream among the arguments; allowed: values and signals, where any server may take the call`,
        );
      (found as AbortSignal).throwIfAborted();
      return [kind, signals.push(found as AbortSignal)];
    });
    const isHere = /^(shm|file):/.test(this.queue.url);
    const request: CallRequest = {
      ...{ id, from: this.mailbox.address, method, args: this.codec.pack(value) as CallRequest["args"] },
      ...(refs && { signals: refs.map(([path]) => path) }),
      ...(isHere && this.timeout !== Number.POSITIVE_INFINITY && { until: Date.now() + this.timeout }),
    };
    return { request, signals };
  }

  private begun(id: string, at: string): void {
    const call = this.calls.get(id);
    if (call) call.at = at;
    if (!this.givenUp.has(id)) return;
    void this.abort(id, at, this.givenUp.get(id));
    this.givenUp.delete(id);
    afterTurn(this.letGo);
  }

  private giveUp(id: string, reason: unknown): void {
    const call = this.settle(id);
    if (!call) return;
    call.putting.abort(reason);
    call.reject(reason);
    if (!call.hasSignals) return;
    if (call.at !== undefined) void this.abort(id, call.at, reason);
    else {
      this.givenUp.set(id, reason);
      const [oldest] = this.givenUp.keys();
      if (this.givenUp.size > MOST_GIVEN_UP) this.givenUp.delete(oldest);
      this.lingersUntil = now() + LINGER_MS;
      setTimeout(this.letGo, LINGER_MS + 1);
    }
  }

  /** Tells the server; that it has gone, or cannot be told, changes nothing. */
  private async abort(id: string, to: string, reason: unknown): Promise<void> {
    const isPlain = reason === null || !["object", "function", "symbol", "bigint"].includes(typeof reason);
    const abort = isPlain ? { reason } : { failure: describeFailure(reason) };
    const body = this.codec.encode({ id, abort });
    await this.mailbox.send({ to, id, body, contentType: this.codec.contentType }).catch(() => undefined);
  }

  private settle(id: string): PendingCall | undefined {
    const call = this.calls.get(id);
    if (!call) return undefined;
    this.calls.delete(id);
    call.forget();
    // the next call may be on its way already
    if (this.calls.size === 0) afterTurn(this.letGo);
    return call;
  }

  private readonly letGo = (): void => {
    if (this.calls.size > 0 || this.isClosed || (this.givenUp.size > 0 && now() < this.lingersUntil)) return;
    this.mailbox.hold(false);
  };
}
