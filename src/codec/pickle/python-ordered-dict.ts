/** Python's `collections.OrderedDict`. */
export class PythonOrderedDict<Key = unknown, Value = unknown> extends Map<Key, Value> {}
