import { takeSite } from "./shape-sites.js";

export type PlainObject = Record<string, unknown>;

/** What hands out the values of a message, in order. */
export interface ValueSource {
  value(): unknown;
  /** Takes note of an object before its contents are read: they may refer to it. */
  track(object: object): void;
}

/** Makes a plain object of the shape out of the next values. */
export type ShapeReader = (source: ValueSource, shape: ReadShape) => PlainObject;

/** A shape that was read so often gets a place of its own in `shape-sites.ts`. */
const OFTEN = 500;

/** A list of keys that a message has defined. */
export class ReadShape {
  /** How an object of this shape is read. */
  read: ShapeReader;
  /** The shape that was defined after this one, the last time: the first guess for the next time. */
  follower: ReadShape | undefined;
  /** Among the keys is an index far beyond the others. */
  readonly isSparse: boolean;
  private uses = 0;

  constructor(
    readonly keys: readonly string[],
    /** The definition's bytes; undefined for a shape that is not kept. */
    readonly definition: Uint8Array | undefined,
  ) {
    this.isSparse = keys.some(isFarIndex);
    this.read = this.isSparse || keys.some((key) => key in Object.prototype) ? readCarefully : readPlainly;
  }

  /** True when bytes[start…start + length) are this shape's definition. They are read once. */
  isDefinedBy(bytes: Uint8Array, start: number, length: number, count: number): boolean {
    const { definition } = this;
    if (definition === undefined || definition.length !== length || this.keys.length !== count) return false;
    for (let i = 0; i < length; i++) if (definition[i] !== bytes[start + i]) return false;
    return true;
  }

  /** Called for each object of a shape without a site. */
  use(): void {
    if (++this.uses !== OFTEN) return;
    this.read = (this.keys.length > 0 ? takeSite() : undefined) ?? readPlainlyForGood;
  }
}

const readPlainly: ShapeReader = (source, shape) => {
  shape.use();
  return readPlainlyForGood(source, shape);
};

const readPlainlyForGood: ShapeReader = (source, { keys }) => {
  const object: PlainObject = {};
  source.track(object);
  for (let i = 0; i < keys.length; i++) object[keys[i]] = source.value();
  return object;
};

/** Keys that Object.prototype has (`__proto__`, `constructor`) become own properties, and far indexes cost no memory. */
const readCarefully: ShapeReader = (source, { keys, isSparse }) => {
  const object: PlainObject = {};
  source.track(object);
  if (isSparse) makeSparse(object);
  for (const key of keys) defineCarefully(object, key, source.value());
  return object;
};

/** Sets an own property, whatever the key; nothing is called, and no prototype is touched. */
export function defineCarefully(object: object, key: string, value: unknown): void {
  if (key in object)
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else (object as PlainObject)[key] = value;
}

/** True for an index so high that a row of elements up to it would be much longer than the keys before it are many. */
export function isFarIndex(key: string, keysBefore: number): boolean {
  const code = key.charCodeAt(0);
  return code >= 0x30 && code <= 0x39 && Number(key) > 8 + 2 * keysBefore;
}

/** The highest array index: no engine keeps a row of elements up to there, it changes to a table. */
const HIGHEST_INDEX = 2 ** 32 - 2;

/** Makes the object keep its elements in a table, so that one with a high index takes no more memory than another. */
export function makeSparse(object: object): void {
  const elements = object as Record<number, unknown>;
  if (HIGHEST_INDEX in elements) return;
  elements[HIGHEST_INDEX] = undefined;
  delete elements[HIGHEST_INDEX];
}
