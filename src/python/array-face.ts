import { isDeepStrictEqual } from "node:util";
import { boundArguments } from "./call-arguments.js";
import type { Face, FaceCall } from "./face.js";
import { IteratorFace } from "./iterator-face.js";
import { isSlice, placeOf, placesOf } from "./list-slice.js";
import { raise } from "./raise.js";

/** No list becomes longer by being repeated. */
const MOST_REPEATED = 2 ** 24;

/** An Array with the methods of a list. */
export class ArrayFace implements Face {
  readonly exposed = [
    ...["__add__", "__contains__", "__delitem__", "__getitem__", "__imul__", "__iter__", "__len__", "__mul__"],
    ...["__reversed__", "__rmul__", "__setitem__", "append", "clear", "copy", "count", "extend", "index", "insert"],
    ...["pop", "remove", "reverse", "sort"],
  ];

  constructor(private readonly items: unknown[]) {}

  value(): unknown[] {
    return [...this.items];
  }

  call(call: FaceCall): unknown {
    const { items } = this;
    switch (call.method) {
      case "__len__":
        return items.length;
      case "__iter__":
        return new IteratorFace([...items]);
      case "__reversed__":
        return new IteratorFace([...items].reverse());
      case "copy":
        return this.value();
      case "clear":
        return void items.splice(0);
      case "reverse":
        return void items.reverse();
      case "sort":
        return this.sort(call);
      case "insert": {
        const [index, value] = boundArguments(call, ["index", "object"], 2);
        return void items.splice(Number(index), 0, value);
      }
      case "pop": {
        const [index = -1] = boundArguments(call, ["index"]);
        if (items.length === 0) throw raise("IndexError", "pop from empty list");
        return items.splice(placeOf(index, items.length), 1)[0];
      }
      case "__setitem__":
        return this.set(boundArguments(call, ["index", "value"], 2));
      case "index":
        return this.find(boundArguments(call, ["value", "start", "stop"], 1));
      default:
        return this.withOne(call.method, boundArguments(call, ["value"], 1)[0]);
    }
  }

  private withOne(method: string, value: unknown): unknown {
    const { items } = this;
    const isSame = (item: unknown): boolean => isDeepStrictEqual(item, value);
    switch (method) {
      case "append":
        return void items.push(value);
      case "extend":
        for (const item of listed(value)) items.push(item);
        return null;
      case "__add__":
        return [...items, ...listed(value)];
      case "__contains__":
        return items.some(isSame);
      case "count":
        return items.filter(isSame).length;
      case "remove":
        items.splice(this.find([value]), 1);
        return null;
      case "__getitem__":
        if (isSlice(value)) return placesOf(value, items.length).map((place) => items[place]);
        return items[placeOf(value, items.length)];
      case "__delitem__": {
        const places = new Set(isSlice(value) ? placesOf(value, items.length) : [placeOf(value, items.length)]);
        const kept = items.filter((_, place) => !places.has(place));
        items.length = 0;
        for (const item of kept) items.push(item);
        return null;
      }
      default:
        return this.repeat(method, value);
    }
  }

  private repeat(method: string, times: unknown): unknown {
    const { items } = this;
    if (!Number.isSafeInteger(times) || items.length * Number(times) > MOST_REPEATED)
      throw raise("TypeError", `a list of Node cannot be repeated ${String(times)} times`);
    const repeated = Array.from({ length: Math.max(0, Number(times)) }, () => [...items]).flat();
    if (method !== "__imul__") return repeated;
    items.length = 0;
    for (const item of repeated) items.push(item);
    return null;
  }

  private set([index, value]: readonly unknown[]): void {
    const { items } = this;
    if (!isSlice(index)) {
      items[placeOf(index, items.length)] = value;
      return;
    }
    const places = placesOf(index, items.length);
    const values = listed(value);
    if ((index.step ?? 1) === 1) {
      const start = places[0] ?? placesOf({ ...index, stop: null } as typeof index, items.length)[0] ?? items.length;
      items.splice(start, places.length, ...values);
      return;
    }
    if (places.length !== values.length)
      throw raise("ValueError", `${values.length} values for a slice of ${places.length}`);
    for (const [at, place] of places.entries()) items[place] = values[at];
  }

  private find([value, start = 0, stop = this.items.length]: readonly unknown[]): number {
    const { items } = this;
    const bound = (at: unknown): number => (Number(at) < 0 ? Number(at) + items.length : Number(at));
    for (let at = Math.max(0, bound(start)); at < Math.min(items.length, bound(stop)); at++)
      if (isDeepStrictEqual(items[at], value)) return at;
    throw raise("ValueError", "the value is not in the list");
  }

  private sort(call: FaceCall): void {
    const { items } = this;
    const { key, reverse = false, ...others } = call.keywords;
    if (call.args.length > 0 || Object.keys(others).length > 0 || (key !== undefined && key !== null))
      throw raise("TypeError", "a list of Node is sorted without a key; allowed: reverse");
    const isOf = (type: string): boolean => items.every((item) => typeof item === type);
    if (!isOf("string") && !items.every((item) => typeof item === "number" || typeof item === "bigint"))
      throw raise("TypeError", "only numbers, or only str, can be sorted");
    const sign = reverse ? -1 : 1;
    items.sort((a, b) => ((a as number) < (b as number) ? -sign : (a as number) > (b as number) ? sign : 0));
  }
}

function listed(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return [...value];
  if (value instanceof Set || value instanceof Uint8Array) return [...value];
  if (value instanceof Map) return [...value.keys()];
  throw raise("TypeError", "the value is no list");
}
