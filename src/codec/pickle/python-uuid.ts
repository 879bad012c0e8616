/** Python's `uuid.UUID`; `String(uuid)` is its usual form, in lower case. */
export class PythonUuid {
  constructor(readonly text: string) {
    Object.freeze(this);
  }

  toString(): string {
    return this.text;
  }
}
