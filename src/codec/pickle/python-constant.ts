/** A constant of Python's that has no equal here. There is one object for each. */
export class PythonConstant {
  /** Python's `...` */
  static readonly Ellipsis = new PythonConstant("Ellipsis");
  static readonly NotImplemented = new PythonConstant("NotImplemented");

  private constructor(readonly name: "Ellipsis" | "NotImplemented") {
    Object.freeze(this);
  }

  toString(): string {
    return this.name;
  }
}
