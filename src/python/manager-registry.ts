import { UsageError } from "../errors.js";
import { ArrayFace } from "./array-face.js";
import type { Face } from "./face.js";
import type { Keywords } from "./manager-door.js";
import { MapFace } from "./map-face.js";
import { ObjectFace } from "./object-face.js";
import { QueueFace } from "./queue-face.js";
import { raise } from "./raise.js";

/** What a manager of ours serves, by typeid: objects, and functions that make one for each `create`. */
export type ManagerRegistry = Readonly<Record<string, object | ((...args: never[]) => unknown)>>;

/** Finds what stands behind a typeid, and how Python sees it. */
export class Registry {
  private readonly known = new WeakMap<object, Face>();
  private readonly entries: ReadonlyMap<string, object>;

  /** @throws UsageError for what can be no object of Python's */
  constructor(registry: ManagerRegistry) {
    this.entries = new Map(Object.entries(registry));
    for (const [typeid, value] of this.entries)
      if ((typeof value !== "object" && typeof value !== "function") || value === null)
        throw new UsageError(
          `serveManager(): ${typeid} is ${String(value)}; allowed: a Map, an Array, a queue, an object with methods, or a function that makes one`,
        );
  }

  /** @throws PythonError (KeyError) for a typeid that is none, and what a function throws */
  async create(typeid: unknown, args: readonly unknown[], keywords: Keywords): Promise<Face> {
    const entry = typeof typeid === "string" ? this.entries.get(typeid) : undefined;
    if (entry === undefined) throw raise("KeyError", typeid);
    if (typeof entry !== "function") return this.faceOf(entry);
    const all = Object.keys(keywords).length > 0 ? [...args, { ...keywords }] : args;
    const made: unknown = await Reflect.apply(entry, undefined, all);
    if (typeof made !== "object" || made === null)
      throw raise("TypeError", `${String(typeid)}() made ${String(made)}, and no object`);
    return this.faceOf(made);
  }

  /** The same object has one face, and so one id. */
  private faceOf(object: object): Face {
    const known = this.known.get(object);
    if (known) return known;
    const face = makeFace(object);
    this.known.set(object, face);
    return face;
  }
}

function makeFace(object: object): Face {
  if (object instanceof Map) return new MapFace(object);
  if (Array.isArray(object)) return new ArrayFace(object);
  return QueueFace.isQueue(object) ? new QueueFace(object) : new ObjectFace(object);
}
