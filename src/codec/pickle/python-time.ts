import type { PythonTimeZone } from "./python-time-zone.js";
import type { PythonZoneInfo } from "./python-zone-info.js";

/** Python's `datetime.time`: a time of day. */
export class PythonTime {
  constructor(
    readonly hour: number,
    readonly minute = 0,
    readonly second = 0,
    readonly microsecond = 0,
    readonly zone: PythonTimeZone | PythonZoneInfo | null = null,
    /** 1 for the second of two equal times when clocks are put back. */
    readonly fold: 0 | 1 = 0,
  ) {
    Object.freeze(this);
  }

  /** `12:30:00.000250`, without the zone. */
  toString(): string {
    const two = (value: number): string => String(value).padStart(2, "0");
    const fraction = this.microsecond === 0 ? "" : `.${String(this.microsecond).padStart(6, "0")}`;
    return `${two(this.hour)}:${two(this.minute)}:${two(this.second)}${fraction}`;
  }
}
