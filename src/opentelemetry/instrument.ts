/*
 * OpenTelemetry: the library's diagnostics as spans, across processes.
 *
 * Idea    A subscriber of the diagnostics channels. Of what is sent, its span's context goes along in the message; of what
 *         came, it is the parent. So a trace goes on in a pool's worker, a spawned process, the other side of a connection,
 *         and the consumer of a queue, with whatever lies between.
 * Limits  A process takes part that has called `instrument()`. Pipes, and topics in shared memory, carry no context.
 * Source  OpenTelemetry's semantic conventions 1.45 for messaging and RPC.
 */
import type { Attributes, Context, TextMapPropagator, Tracer } from "@opentelemetry/api";
import { diagnostics, type GetEvent, type ProcessEvent, type PutEvent } from "../diagnostics.js";
import { destinationOf } from "./destination-of.js";
import { loadApi } from "./load-api.js";
import { type Propagation, type Shown, SpanWriter } from "./span-writer.js";

/** By what spans are made. */
export interface InstrumentOptions {
  /** Default: the global provider's tracer `interproc`. */
  readonly tracer?: Tracer;
  /** Default: the global propagator, which is W3C's trace context once a Node SDK was registered. */
  readonly propagator?: TextMapPropagator;
}

/** A message of any queue or subscription. */
export interface ReceivedMessage {
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Calling it ends the instrumentation, as the end of a `using` block does. */
export interface Instrumentation extends Disposable {
  (): void;
  /** The context that came along with a message; `ROOT_CONTEXT` with nothing in it when none did. */
  contextOf(message: ReceivedMessage): Context;
  /**
   * Runs what is done with a message in a span of its own (`process jobs`), the child of the one in which it was put, and
   * gives what that gives. `from`: the queue it came from, which the span then names.
   */
  process<T>(message: ReceivedMessage, work: () => T, from?: { readonly url?: string; readonly name?: string }): T;
}

const RPC = { "rpc.system.name": "interproc" };

/**
 * Has this process write spans for what it puts, takes, calls, serves, spawns, connects to and waits for, by
 * `@opentelemetry/api`, and carry their context inside messages. Each process that is to take part calls it, a pool's
 * worker and a spawned process best at the top of their task's module.
 *
 * @throws NotFoundError when `@opentelemetry/api` is not installed
 * @example
 * const otel = instrument();
 * for await (const message of jobs.messages()) {
 *   await otel.process(message, () => work(message.value), jobs);
 *   await message.ack();
 * }
 */
export function instrument({ tracer, propagator }: InstrumentOptions = {}): Instrumentation {
  const api = loadApi("instrument()");
  const { CLIENT, CONSUMER, INTERNAL, PRODUCER, SERVER } = api.SpanKind;
  const propagation = (propagator ?? api.propagation) as Propagation;
  const writer = new SpanWriter(api, tracer ?? api.trace.getTracer("interproc"), propagation);

  const messaging = (url: string, type: string, operation: string, kind: Shown["kind"], more: Attributes): Shown => {
    const { name, attributes } = destinationOf(url);
    const of = { "messaging.operation.type": type, "messaging.operation.name": operation };
    return { name: `${operation} ${name}`, kind, attributes: { ...attributes, ...of, ...more } };
  };
  const put = ({ operation, url }: PutEvent): Shown => messaging(url, "send", bare(operation), PRODUCER, {});
  const counted = ({ operation, count }: PutEvent): Attributes =>
    operation === "putMany()" ? { "messaging.batch.message_count": count } : {};
  const got = (told: unknown): void => {
    const { operation, url, id, deliveries, headers } = told as GetEvent;
    const more = { ...(id !== undefined && { "messaging.message.id": id }), "interproc.deliveries": deliveries };
    const parent = writer.contextOf(headers);
    const from = api.trace.getSpanContext(parent);
    const shown = messaging(url, "receive", bare(operation), CLIENT, more);
    writer.start(shown, from ? parent : api.context.active(), from && [{ context: from }]).end();
  };
  const called = (method: string, kind: Shown["kind"]): Shown => ({
    name: method,
    kind,
    attributes: { ...RPC, "rpc.method": method },
  });
  const exited = ({ pid, result }: ProcessEvent): Attributes => {
    const code = (result as { code?: number | null } | undefined)?.code;
    return { "process.pid": pid, ...(typeof code === "number" && { "process.exit.code": code }) };
  };

  writer.sent(diagnostics.queuePut, put, counted);
  writer.sent(diagnostics.topicPublish, put);
  writer.heard(String(diagnostics.queueGet.name), got);
  writer.heard(String(diagnostics.topicGet.name), got);
  writer.sent(diagnostics.call, ({ method }) => called(method, CLIENT));
  writer.served(diagnostics.callServe, ({ method }) => called(method, SERVER));
  writer.sent(diagnostics.task, ({ task }) => called(task, CLIENT));
  writer.sent(diagnostics.process, ({ task }) => called(task, CLIENT), exited);
  writer.served(diagnostics.taskRun, ({ task }) => called(task, SERVER));
  writer.sent(diagnostics.connect, ({ url }) => ({ name: "connect", kind: CLIENT, attributes: { "url.full": url } }));
  writer.sent(diagnostics.lockAcquire, ({ lock, operation }) => ({
    name: `${bare(operation)} ${lock}`,
    kind: INTERNAL,
    attributes: { "interproc.lock": lock },
  }));
  writer.heard(String(diagnostics.lockAbandoned.name), (event) => {
    const { lock } = event as { lock: string };
    api.trace.getActiveSpan()?.addEvent("interproc.lock.abandoned", { "interproc.lock": lock });
  });

  const contextOf = ({ headers }: ReceivedMessage): Context => writer.contextOf(headers);
  const processing: Instrumentation["process"] = (message, work, { url, name } = {}) => {
    const parent = contextOf(message);
    const shown = messaging(url ?? `shm:${name ?? ""}`, "process", "process", CONSUMER, {});
    const span = writer.start(shown, parent);
    const end = (failure?: { error: unknown }): void => {
      if (failure) writer.fail(span, failure.error);
      span.end();
    };
    return api.context.with(api.trace.setSpan(parent, span), () => settling(work, end));
  };
  const leave = (): void => writer.leave();
  return Object.assign(leave, { contextOf, process: processing, [Symbol.dispose]: leave });
}

/** `put()` as `put`. */
const bare = (operation: string): string => operation.replace("()", "");

/** Does the work and tells when it, or the promise that it gives, is over. */
function settling<T>(work: () => T, end: (failure?: { error: unknown }) => void): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    end({ error });
    throw error;
  }
  if (!(result instanceof Promise)) {
    end();
    return result;
  }
  return result.then(
    (value: unknown) => {
      end();
      return value;
    },
    (error: unknown) => {
      end({ error });
      throw error;
    },
  ) as T;
}
