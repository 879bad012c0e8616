const DAY_MS = 86_400_000;

/** Python's `datetime.timedelta`: days, then 0 to 86,399 seconds, then 0 to 999,999 microseconds. */
export class PythonTimeDelta {
  constructor(
    readonly days: number,
    readonly seconds = 0,
    readonly microseconds = 0,
  ) {
    Object.freeze(this);
  }

  /** In milliseconds, with a fraction. */
  valueOf(): number {
    return this.days * DAY_MS + this.seconds * 1000 + this.microseconds / 1000;
  }
}
