import { PythonTimeZone } from "./python-time-zone.js";
import type { PythonZoneInfo } from "./python-zone-info.js";

/** What a `datetime` says, field by field. */
export interface DateTimeFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
  readonly microsecond?: number;
  /** null or left out for a datetime that names no zone. */
  readonly zone?: PythonTimeZone | PythonZoneInfo | null;
  readonly fold?: 0 | 1;
}

/**
 * A `datetime.datetime` that a Date cannot say wholly: with microseconds, without a zone, or in another than UTC. It is a
 * Date too: its instant is the datetime's, in whole milliseconds; without a zone that of this machine's local time, as
 * Python's `timestamp()` has it; an invalid Date where Node does not know the zone. It goes back as the same datetime
 * unless a setter of Date has moved its instant: then as that instant in UTC.
 */
export class PythonDateTime extends Date {
  readonly fields: Readonly<Required<DateTimeFields>>;
  private readonly instant: number;

  constructor(fields: DateTimeFields) {
    const whole = { hour: 0, minute: 0, second: 0, microsecond: 0, zone: null, fold: 0 as const, ...fields };
    super(instantOf(whole));
    this.fields = Object.freeze(whole);
    this.instant = this.getTime();
  }

  /** False once a setter of Date has moved the instant. */
  get isAsMade(): boolean {
    return Object.is(this.instant, this.getTime());
  }

  /** What Date's methods make of this, such as copies by libraries, is a Date. */
  static get [Symbol.species](): DateConstructor {
    return Date;
  }
}

function instantOf(fields: Required<DateTimeFields>): number {
  const { year, month, day, hour, minute, second, microsecond, zone, fold } = fields;
  const ms = Math.floor(microsecond / 1000);
  if (zone === null) {
    const local = new Date(2000, 0, 1, hour, minute, second, ms);
    local.setFullYear(year, month - 1, day);
    return local.getTime();
  }
  const utc = new Date(0);
  utc.setUTCFullYear(year, month - 1, day);
  utc.setUTCHours(hour, minute, second, ms);
  const wall = utc.getTime();
  if (zone instanceof PythonTimeZone) return Math.floor(wall - zone.offset.valueOf());
  // the two offsets around the time: the earlier one for fold 0, the later one for fold 1
  const before = zone.offsetAt(wall - 86_400_000);
  const after = zone.offsetAt(wall + 86_400_000);
  if (before === after || Number.isNaN(before)) return wall - before;
  const guesses = [wall - before, wall - after].filter((guess) => guess + zone.offsetAt(guess) === wall);
  if (guesses.length > 0) return fold === 1 ? Math.max(...guesses) : Math.min(...guesses);
  return wall - (fold === 1 ? after : before);
}
