/** Python's `datetime.date`: a day of the calendar, in no time zone. */
export class PythonDate {
  constructor(
    readonly year: number,
    readonly month: number,
    readonly day: number,
  ) {
    Object.freeze(this);
  }

  /** `2024-01-31` */
  toString(): string {
    const two = (value: number): string => String(value).padStart(2, "0");
    return `${String(this.year).padStart(4, "0")}-${two(this.month)}-${two(this.day)}`;
  }
}
