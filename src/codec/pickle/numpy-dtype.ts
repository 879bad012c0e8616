/** A numpy type of elements by itself: `text` as numpy's `dtype.str`, such as `"<f8"`. */
export class NumpyDtype {
  constructor(readonly text: string) {
    Object.freeze(this);
  }

  toString(): string {
    return this.text;
  }
}
