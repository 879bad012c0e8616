import type { MetricFamily, MetricSample } from "./metrics-text.js";
import type { ObjectView, Snapshot } from "./snapshot-model.js";

type Labels = Readonly<Record<string, string>>;

/**
 * What a snapshot says, as figures. Named objects stand for themselves, those without a name are added up by their type: they
 * come and go, and each would be a time series of its own. For the same reason what went in and came out is told of named
 * ones only: a sum that shrinks is no counter.
 */
export function objectMetrics(shot: Snapshot): MetricFamily[] {
  const whole = shot.objects.filter(({ state }) => state !== "damaged");
  const named = whole.filter(({ name }) => name !== undefined);
  const waits = new Map<string, number>();
  for (const { object } of shot.waits) waits.set(object, (waits.get(object) ?? 0) + 1);
  const each = (
    from: readonly ObjectView[],
    figure: (object: ObjectView) => number | undefined,
    more: (object: ObjectView) => Labels = () => ({}),
  ): MetricSample[] =>
    summed(
      from.flatMap((object) => {
        const value = figure(object);
        const labels = { type: object.type, name: object.name ?? "", ...more(object) };
        return value === undefined ? [] : [{ labels, value }];
      }),
    );
  const holders = whole.flatMap(({ type, name = "", holders }) =>
    holders.map(({ how, count }) => ({ labels: { type, name, how }, value: count })),
  );
  const gauge = (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({
    ...{ name: `interproc_${name}`, help, type: "gauge", samples },
  });
  const counter = (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({
    ...{ name: `interproc_${name}`, help, type: "counter", samples },
  });
  const counted = (labels: readonly Labels[]): MetricSample[] =>
    summed(labels.map((one) => ({ labels: one, value: 1 })));
  return [
    gauge("objects", "Objects in shared memory.", counted(shot.objects.map(({ type, state }) => ({ type, state })))),
    gauge(
      "object_depth",
      "What fills it: messages that are ready, entries, missing permits.",
      each(whole, (one) => one.depth),
    ),
    gauge(
      "object_used_bytes",
      "Bytes of its capacity that are taken.",
      each(whole, (one) => one.used),
    ),
    gauge(
      "object_capacity_bytes",
      "Bytes that it has room for.",
      each(whole, (one) => one.capacity),
    ),
    counter(
      "object_puts_total",
      "What went in since it was made, modulo 2^32.",
      each(named, (one) => one.counts?.in),
    ),
    counter(
      "object_takes_total",
      "What came out since it was made, modulo 2^32.",
      each(named, (one) => one.counts?.out),
    ),
    gauge(
      "object_waiters",
      "Threads that wait at it.",
      each(whole, (one) => waits.get(one.id) ?? 0),
    ),
    gauge("object_holders", "What living threads hold of it: holds, permits, unacked messages.", summed(holders)),
    gauge(
      "object_abandoned",
      "1 while its last holder has died and nobody has released it normally since.",
      each(whole, (one) => (one.abandoned === undefined ? undefined : Number(one.abandoned))),
    ),
    gauge(
      "object_attached",
      "Living threads that have it.",
      each(whole, (one) => one.attached.filter(({ isAlive }) => isAlive).length),
    ),
    gauge("processes", "Living processes.", [
      { labels: {}, value: shot.processes.filter(({ isAlive }) => isAlive).length },
    ]),
    gauge("threads", "Threads, by what they do.", counted(shot.threads.map(({ state }) => ({ state })))),
    gauge(
      "deadlocks",
      "Circles of threads that wait for each other.",
      (["true", "false"] as const).map((certain) => ({
        labels: { certain },
        value: shot.deadlocks.filter(({ isCertain }) => String(isCertain) === certain).length,
      })),
    ),
  ];
}

/** Samples of the same labels added up. */
function summed(samples: readonly MetricSample[]): MetricSample[] {
  const sums = new Map<string, MetricSample>();
  for (const { labels, value } of samples) {
    const key = JSON.stringify(labels);
    sums.set(key, { labels, value: (sums.get(key)?.value ?? 0) + value });
  }
  return [...sums.values()];
}
