/** Python's `collections.defaultdict`. Here a missing key is missing; the factory is kept for the way back. */
export class PythonDefaultDict<Key = unknown, Value = unknown> extends Map<Key, Value> {
  /** The factory's module and name, such as `"builtins.int"`; null for None. */
  readonly factory: string | null;

  constructor(factory: string | null = null, entries?: Iterable<readonly [Key, Value]> | null) {
    super(entries);
    this.factory = factory;
  }
}
