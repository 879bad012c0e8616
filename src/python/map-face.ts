import { PythonTuple } from "../codec/pickle/python-tuple.js";
import { boundArguments } from "./call-arguments.js";
import type { Face, FaceCall } from "./face.js";
import { IteratorFace } from "./iterator-face.js";
import { raise } from "./raise.js";

/** A Map with the methods of a dict. */
export class MapFace implements Face {
  readonly exposed = [
    ...["__contains__", "__delitem__", "__getitem__", "__iter__", "__len__", "__setitem__"],
    ...["clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"],
  ];

  constructor(private readonly map: Map<unknown, unknown>) {}

  value(): Map<unknown, unknown> {
    return new Map(this.map);
  }

  call(call: FaceCall): unknown {
    const { map } = this;
    const { method } = call;
    switch (method) {
      case "__len__":
        return map.size;
      case "__iter__":
        return new IteratorFace([...map.keys()]);
      case "clear":
        return map.clear();
      case "copy":
        return this.value();
      case "keys":
        return [...map.keys()];
      case "values":
        return [...map.values()];
      case "items":
        return [...map].map((entry) => new PythonTuple(entry));
      case "popitem": {
        const last = [...map].at(-1);
        if (!last) throw raise("KeyError", "popitem(): dictionary is empty");
        map.delete(last[0]);
        return new PythonTuple(last);
      }
      case "update":
        return this.update(call);
      default:
        return this.byKey(call);
    }
  }

  private byKey(call: FaceCall): unknown {
    const { map } = this;
    const { method } = call;
    const hasValue = method === "__setitem__" || method === "setdefault" || method === "get" || method === "pop";
    const names = hasValue ? ["key", "default"] : ["key"];
    const bound = boundArguments(call, names, method === "__setitem__" ? 2 : 1);
    const key = checkedKey(bound[0]);
    const isThere = map.has(key);
    switch (method) {
      case "__contains__":
        return isThere;
      case "__setitem__":
        return void map.set(key, bound[1]);
      case "get":
        return isThere ? map.get(key) : (bound[1] ?? null);
      case "setdefault":
        if (!isThere) map.set(key, bound[1] ?? null);
        return map.get(key);
    }
    if (!isThere && method === "pop" && bound.length > 1) return bound[1];
    if (!isThere) throw raise("KeyError", key);
    const value = map.get(key);
    if (method !== "__getitem__") map.delete(key);
    return method === "__delitem__" ? null : value;
  }

  private update(call: FaceCall): void {
    const [from] = boundArguments({ ...call, keywords: {} }, ["from"]);
    const entries = from === undefined || from === null ? [] : Array.isArray(from) ? from : entriesOf(from);
    for (const [key, value] of [...entries, ...Object.entries(call.keywords)] as [unknown, unknown][])
      this.map.set(checkedKey(key), value);
  }
}

function entriesOf(dict: unknown): [unknown, unknown][] {
  if (dict instanceof Map) return [...dict];
  if (typeof dict === "object" && dict !== null) return Object.entries(dict);
  throw raise("TypeError", "update() takes a dict, or a list of pairs");
}

/** Keys that are equal in Python have to be the same here. */
function checkedKey(key: unknown): unknown {
  if (typeof key === "object" && key !== null)
    throw raise("TypeError", "keys of a Map of Node: str, int, float, bool and None");
  return key;
}
