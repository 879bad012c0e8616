// OpenTelemetry set up as a program has it, with spans kept where they can be looked at.
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { instrument } from "interproc/opentelemetry";

export const spans = new InMemorySpanExporter();

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));

export const otel = instrument();

/** Which span is active, and whose child it is. */
export interface Where {
  readonly pid: number;
  readonly trace: string | undefined;
  readonly span: string | undefined;
  readonly parent: string | undefined;
}

export function whereNow(): Where {
  const span = trace.getActiveSpan() as Partial<ReadableSpan> | undefined;
  const own = span?.spanContext?.();
  return { pid: process.pid, trace: own?.traceId, span: own?.spanId, parent: span?.parentSpanContext?.spanId };
}
