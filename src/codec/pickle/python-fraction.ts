/** Python's `fractions.Fraction`. `Number(fraction)` is the nearest number. */
export class PythonFraction {
  constructor(
    readonly numerator: number | bigint,
    readonly denominator: number | bigint,
  ) {
    Object.freeze(this);
  }

  toString(): string {
    return `${this.numerator}/${this.denominator}`;
  }

  valueOf(): number {
    return Number(this.numerator) / Number(this.denominator);
  }
}
