/** Python's complex number. */
export class PythonComplex {
  constructor(
    readonly re: number,
    readonly im: number,
  ) {
    Object.freeze(this);
  }

  /** As Python writes it: `(1+2j)`. */
  toString(): string {
    const sign = this.im < 0 || Object.is(this.im, -0) ? "-" : "+";
    return `(${this.re}${sign}${Math.abs(this.im)}j)`;
  }
}
