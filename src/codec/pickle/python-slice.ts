/** Python's `slice`; null stands for None. */
export class PythonSlice {
  constructor(
    readonly start: unknown,
    readonly stop: unknown,
    readonly step: unknown = null,
  ) {
    Object.freeze(this);
  }
}
