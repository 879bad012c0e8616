/** Python's `decimal.Decimal`: all its digits, as text. `Number(decimal)` is the nearest number. */
export class PythonDecimal {
  constructor(readonly text: string) {
    Object.freeze(this);
  }

  toString(): string {
    return this.text;
  }

  valueOf(): number {
    return Number(this.text);
  }
}
