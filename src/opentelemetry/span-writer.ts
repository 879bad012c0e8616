import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Attributes, Context, Link, Span, SpanKind, TextMapPropagator, Tracer } from "@opentelemetry/api";
import type { Carried } from "../carried.js";
import type { TracedChannel, TracedEvent } from "../traced-channel.js";
import type { Api } from "./load-api.js";

/** How an operation is shown. */
export interface Shown {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

/** What is needed of a propagator: the global one is no `TextMapPropagator`. */
export type Propagation = Pick<TextMapPropagator<Record<string, string>>, "inject" | "extract">;

/** Makes spans of what channels tell. */
export class SpanWriter {
  private readonly spans = new WeakMap<object, Span>();
  private readonly leaving: (() => void)[] = [];

  constructor(
    private readonly api: Api,
    private readonly tracer: Tracer,
    private readonly propagation: Propagation,
  ) {}

  /** A span for each operation, whose context goes along in the event's headers if it has any. */
  sent<E extends TracedEvent & { headers?: Record<string, string> }>(
    channel: TracedChannel<E>,
    shown: (event: E) => Shown,
    outcome?: (event: E) => Attributes,
  ): void {
    const { api } = this;
    const begin = (event: E): void => {
      const parent = api.context.active();
      const span = this.begin(event, shown(event), parent);
      if (event.headers)
        this.propagation.inject(api.trace.setSpan(parent, span), event.headers, api.defaultTextMapSetter);
    };
    this.follow(channel, begin, outcome);
  }

  /** A span for each piece of work, the child of the span whose context came along; it is the active one while it runs. */
  served<E extends TracedEvent & { headers: Carried }>(channel: TracedChannel<E>, shown: (event: E) => Shown): void {
    const { api } = this;
    this.follow(channel, (event) => {
      const parent = this.contextOf(event.headers);
      const span = this.begin(event, shown(event), parent);
      event.around = (work) => api.context.with(api.trace.setSpan(parent, span), work);
    });
  }

  /** Hears what a channel tells. */
  heard(name: string, hear: (event: unknown) => void): void {
    subscribe(name, hear);
    this.leaving.push(() => unsubscribe(name, hear));
  }

  /** Where a message came from, by what came along with it; without a parent when nothing did. */
  contextOf(headers: Readonly<Record<string, unknown>>): Context {
    const { ROOT_CONTEXT, defaultTextMapGetter } = this.api;
    return this.propagation.extract(ROOT_CONTEXT, headers as Record<string, string>, defaultTextMapGetter);
  }

  start({ name, kind, attributes }: Shown, parent: Context, links: Link[] = []): Span {
    return this.tracer.startSpan(name, { kind, attributes, links }, parent);
  }

  fail(span: Span, error: unknown): void {
    const { code, name, message } = error as { code?: string; name?: string; message?: string };
    span.setAttribute("error.type", String(code ?? name ?? "_OTHER"));
    span.setStatus({ code: this.api.SpanStatusCode.ERROR, message: String(message ?? error) });
  }

  /** Hears nothing more; spans that are open are ended by what they are about. */
  leave(): void {
    for (const leave of this.leaving.splice(0)) leave();
  }

  private begin(event: object, shown: Shown, parent: Context): Span {
    const span = this.start(shown, parent);
    this.spans.set(event, span);
    return span;
  }

  private follow<E extends TracedEvent>(
    { name }: TracedChannel<E>,
    begin: (event: E) => void,
    outcome?: (event: E) => Attributes,
  ): void {
    const end = (told: unknown): void => {
      const event = told as E;
      const span = this.spans.get(event);
      const isOver = "result" in event || "error" in event; // of a promise `end` comes before that
      if (!span || !isOver) return;
      this.spans.delete(event);
      if (outcome) span.setAttributes(outcome(event));
      if ("error" in event) this.fail(span, event.error);
      span.end();
    };
    this.heard(`tracing:${name}:start`, begin as (event: unknown) => void);
    this.heard(`tracing:${name}:end`, end);
    this.heard(`tracing:${name}:asyncEnd`, end);
  }
}
