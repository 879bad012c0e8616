import type { LiveMessage } from "../live-message.js";
import { type Rate, ratesBetween } from "../rates.js";
import { type SlowConsumer, SlowConsumers } from "../slow-consumers.js";
import type { ObjectView, Snapshot } from "../snapshot-model.js";
import { waitTime } from "../wait-time.js";
import { waitKey } from "./wait-key.js";

/** What a chart is drawn from: a list of times and a list of figures for each line. */
export interface Series {
  readonly times: number[];
  readonly lines: (number | null)[][];
}

const MOST_POINTS = 600;
/** The lines of one object's history, and of all objects together. */
export const LINE = { depth: 0, in: 1, out: 2, stay: 3, wait: 4, waiters: 5, used: 6 } as const;

/** All that the page knows: the objects as they are now, and how their figures moved since it was opened. */
export class Store {
  snapshot: Snapshot | undefined;
  rates: ReadonlyMap<string, Rate> = new Map();
  /** Mean seconds of a sleep at each object since the look before, where there was one. */
  waitTimes: ReadonlyMap<string, number> = new Map();
  /** How many threads wait at each object. */
  waiters: ReadonlyMap<string, number> = new Map();
  /** When each wait that lasts was seen first, in seconds since boot. */
  waitSince: ReadonlyMap<string, number> = new Map();
  slow: readonly SlowConsumer[] = [];
  allowsWrite = false;
  showsPayloads = false;
  /** Depth, messages a second and milliseconds, of all objects together. */
  readonly total: Series = emptySeries();
  private readonly objects = new Map<string, ObjectView>();
  private readonly histories = new Map<string, Series>();
  private slowConsumers = new SlowConsumers();

  take(message: LiveMessage): void {
    if (message.isWhole) {
      this.objects.clear();
      this.slowConsumers = new SlowConsumers();
    }
    for (const id of message.gone) {
      this.objects.delete(id);
      this.histories.delete(id);
    }
    const before = this.snapshot;
    const waitTimes = new Map<string, number>();
    for (const object of message.objects) {
      const seconds = waitTime(this.objects.get(object.id), object);
      if (seconds !== undefined) waitTimes.set(object.id, seconds);
      this.objects.set(object.id, object);
    }
    this.waitTimes = waitTimes;
    this.snapshot = { ...message, objects: [...this.objects.values()] };
    this.rates = ratesBetween(before, this.snapshot);
    const waiters = new Map<string, number>();
    for (const { object } of message.waits) waiters.set(object, (waiters.get(object) ?? 0) + 1);
    this.waiters = waiters;
    const { waitSince } = this;
    this.waitSince = new Map(
      message.waits.map(waitKey).map((key) => [key, waitSince.get(key) ?? message.bootSeconds] as const),
    );
    this.slow = this.slowConsumers.look(this.snapshot);
    this.allowsWrite = message.allowsWrite;
    this.showsPayloads = message.showsPayloads;
    this.remember(Date.parse(message.takenAt) / 1000);
  }

  history(id: string): Series {
    return this.histories.get(id) ?? emptySeries();
  }

  /** Seconds from put to get, or that a thread slept, at an object. */
  latency(id: string): number | undefined {
    return this.rates.get(id)?.stay ?? this.waitTimes.get(id);
  }

  private remember(time: number): void {
    let depth = 0;
    let into = 0;
    let out = 0;
    // of those whose depth is known, for the time that a message stays
    let taken = 0;
    for (const object of this.objects.values()) {
      const { id, counts } = object;
      const rate = this.rates.get(id);
      const waiters = this.waiters.get(id) ?? 0;
      if (counts) {
        depth += object.depth ?? 0;
        taken += object.depth === undefined ? 0 : (rate?.out ?? 0);
        into += rate?.in ?? 0;
        out += rate?.out ?? 0;
      }
      const wait = milliseconds(this.waitTimes.get(id));
      const series = this.histories.get(id);
      // most of a thousand values never have anything to remember
      if (!series && object.depth === undefined && !counts && wait === null && waiters === 0) continue;
      const values = [
        object.depth ?? null,
        rate?.in ?? null,
        rate?.out ?? null,
        milliseconds(rate?.stay),
        wait,
        waiters,
        object.used ?? null,
      ];
      push(series ?? this.newHistory(id), time, values);
    }
    const slept = [...this.waitTimes.values()];
    const meanWait = slept.length > 0 ? slept.reduce((sum, one) => sum + one, 0) / slept.length : undefined;
    const stay = taken > 0 ? depth / taken : undefined;
    push(this.total, time, [
      depth,
      into,
      out,
      milliseconds(stay),
      milliseconds(meanWait),
      this.snapshot?.waits.length ?? 0,
      null,
    ]);
  }

  private newHistory(id: string): Series {
    const series = emptySeries();
    this.histories.set(id, series);
    return series;
  }
}

const emptySeries = (): Series => ({ times: [], lines: Object.keys(LINE).map(() => []) });

const milliseconds = (seconds: number | undefined): number | null => (seconds === undefined ? null : seconds * 1000);

function push({ times, lines }: Series, time: number, values: readonly (number | null)[]): void {
  times.push(time);
  for (const [line, value] of values.entries()) lines[line].push(value);
  if (times.length <= MOST_POINTS) return;
  times.shift();
  for (const line of lines) line.shift();
}
