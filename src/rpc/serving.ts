import { carriedOf } from "../carried.js";
import { toldWhere } from "../codec/told-where.js";
import { diagnostics } from "../diagnostics.js";
import { CodecError, ProtocolError, UsageError } from "../errors.js";
import { MESSAGE, type Message } from "./calls.layout.js";
import { exposedMethod, type Method } from "./exposed-method.js";
import { methodOf } from "./method-of.js";
import type { Passing } from "./passing.js";
import { isId } from "./references.js";
import { describeFailure } from "./remote-failure.js";

/** Calls of the other side that run at once, by default. */
const MOST_SERVED = 4096;
const DEEPEST_PATH = 16;
const { callServe } = diagnostics;

/** Serves the calls of the other side: runs each as it comes, and answers it when it has ended. */
export class Serving {
  api: object | undefined;
  /** Calls that run at once; each further one is refused, and may be made again. */
  most = MOST_SERVED;
  private readonly running = new Set<number>();

  constructor(
    private readonly passing: Passing,
    private readonly post: (message: Message, refused?: (error: unknown) => void) => unknown,
    /** Whether nobody hears answers any more. */
    private readonly isOver: () => boolean,
  ) {}

  /** Whether a call of the other side runs. */
  get isBusy(): boolean {
    return this.running.size > 0;
  }

  /** @throws ProtocolError for a call that is malformed */
  serve(id: number, target: unknown, args: unknown, refs: unknown, headers?: unknown): void {
    if (this.running.has(id)) throw new ProtocolError(`call ${id} came twice`);
    if (!isTarget(target)) throw new ProtocolError("a call came that names no method");
    if (!Array.isArray(args))
      throw new ProtocolError(`the arguments of a call are ${typeof args}; allowed: an array of them`);
    let method: Method;
    try {
      if (this.running.size >= this.most) throw this.tooMany();
      method = this.methodOf(target);
    } catch (error) {
      this.passing.discard(args, refs);
      this.post([MESSAGE.failure, id, describeFailure(error)]);
      return;
    }
    const signals: number[] = [];
    const joined = this.passing.join(args, refs, signals) as unknown[];
    this.running.add(id);
    try {
      const call = (): unknown => Reflect.apply(method.call, method.object, joined);
      const value = callServe.isWatched
        ? callServe.trace({ method: methodOf(target), headers: { ...carriedOf(headers) } }, call)
        : call();
      if (!isThenable(value)) return this.answer(id, signals, value);
      Promise.resolve(value).then(
        (late) => this.answer(id, signals, late),
        (error: unknown) => this.fail(id, signals, error),
      );
    } catch (error) {
      this.fail(id, signals, error);
    }
  }

  /** The caller cannot read the result. */
  unreadable(id: number, why: string): void {
    const error = new CodecError(`the result cannot be read by the caller: ${why}`);
    this.post([MESSAGE.failure, id, describeFailure(error)]);
  }

  private answer(id: number, signals: readonly number[], value: unknown): void {
    this.over(id, signals);
    try {
      const { value: rest, refs, along } = this.passing.part(value);
      if (this.isOver()) return this.passing.takeBack(along);
      // not every codec knows `undefined`: it is a message that ends before the value
      const plain: Message = rest === undefined ? [MESSAGE.result, id] : [MESSAGE.result, id, rest];
      this.post(refs ? [MESSAGE.result, id, rest, refs] : plain, (error) => {
        this.passing.takeBack(along);
        this.cannotSend(id, error);
      });
    } catch (error) {
      this.cannotSend(id, error);
    }
  }

  private fail(id: number, signals: readonly number[], error: unknown): void {
    this.over(id, signals);
    this.post([MESSAGE.failure, id, describeFailure(error)]);
  }

  private over(id: number, signals: readonly number[]): void {
    this.running.delete(id);
    this.passing.forgetSignals(signals);
  }

  private cannotSend(id: number, error: unknown): void {
    const failure = describeFailure(toldWhere(error, "value[2]", "value"));
    this.post([MESSAGE.failure, id, { ...failure, message: `the result cannot be sent: ${failure.message}` }]);
  }

  private methodOf(target: string | readonly string[] | number): Method {
    if (typeof target === "number") return { object: undefined, call: this.passing.functionOf(target) };
    if (!this.api) throw new UsageError("this side of the connection exposes nothing");
    return exposedMethod(this.api, target);
  }

  private tooMany(): Error {
    const error = new UsageError(`more than ${this.most} calls at once on one connection (maxServed)`);
    Object.defineProperty(error, "retryable", { value: true });
    return error;
  }
}

function isTarget(target: unknown): target is string | readonly string[] | number {
  if (typeof target === "string" || isId(target)) return true;
  return (
    Array.isArray(target) &&
    target.length > 0 &&
    target.length <= DEEPEST_PATH &&
    target.every((name) => typeof name === "string")
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
