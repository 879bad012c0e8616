/** Python's `collections.Counter`. */
export class PythonCounter<Key = unknown> extends Map<Key, unknown> {}
