import type { LiveMessage } from "../live-message.js";
import { type Rate, ratesBetween } from "../rates.js";
import type { ObjectView, Snapshot } from "../snapshot-model.js";

/** What a chart is drawn from: a list of times and a list of figures for each line. */
export interface Series {
  readonly times: number[];
  readonly lines: (number | null)[][];
}

const MOST_POINTS = 900;
const OWN_LINES = 4;

/** All that the page knows: the objects as they are now, and how their figures moved since it was opened. */
export class Store {
  snapshot: Snapshot | undefined;
  rates: ReadonlyMap<string, Rate> = new Map();
  allowsWrite = false;
  /** Depth and messages a second, of all objects together. */
  readonly total: Series = { times: [], lines: [[], [], []] };
  private readonly objects = new Map<string, ObjectView>();
  /** Of each object depth, in and out a second, and milliseconds of stay. */
  private readonly histories = new Map<string, Series>();

  take(message: LiveMessage): void {
    if (message.isWhole) this.objects.clear();
    for (const id of message.gone) {
      this.objects.delete(id);
      this.histories.delete(id);
    }
    for (const object of message.objects) this.objects.set(object.id, object);
    const before = this.snapshot;
    this.snapshot = { ...message, objects: [...this.objects.values()] };
    this.rates = ratesBetween(before, this.snapshot);
    this.allowsWrite = message.allowsWrite;
    this.remember(Date.parse(message.takenAt) / 1000);
  }

  history(id: string): Series {
    return this.histories.get(id) ?? { times: [], lines: Array.from({ length: OWN_LINES }, () => []) };
  }

  private remember(time: number): void {
    let depth = 0;
    let into = 0;
    let out = 0;
    for (const object of this.objects.values()) {
      const rate = this.rates.get(object.id);
      depth += object.counts ? (object.depth ?? 0) : 0;
      into += rate?.in ?? 0;
      out += rate?.out ?? 0;
      let series = this.histories.get(object.id);
      if (series === undefined) {
        series = this.history(object.id);
        this.histories.set(object.id, series);
      }
      const stay = rate?.stay === undefined ? null : rate.stay * 1000;
      push(series, time, [object.depth ?? null, rate?.in ?? null, rate?.out ?? null, stay]);
    }
    push(this.total, time, [depth, into, out]);
  }
}

function push({ times, lines }: Series, time: number, values: readonly (number | null)[]): void {
  times.push(time);
  for (const [line, value] of values.entries()) lines[line].push(value);
  if (times.length <= MOST_POINTS) return;
  times.shift();
  for (const line of lines) line.shift();
}
