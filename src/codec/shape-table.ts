import { isWide, writeLatin1, writeUtf16 } from "./text.js";

/** Objects with more keys are written key by key. */
const MAX_SHAPE_KEYS = 64;
/** Longer lists of keys, in characters, are not kept in memory. */
const MAX_SHAPE_CHARACTERS = 2048;
/** A message that has brought this many shapes nobody had seen is one of dictionaries, not of records. */
const NEW_SHAPES_A_MESSAGE = 256;
/** So many shapes with the same first key are compared before the table is searched. */
const MAX_FAMILY = 4;
/** The table forgets everything when it has grown to this many nodes. */
const MAX_NODES = 4096;

const isOwn = Object.prototype.hasOwnProperty;

/** A list of keys that objects share, ready to be copied into a message. */
export class WrittenShape {
  /** Its number in the message that is being written; -1 before it was met there. */
  id = -1;
  /** Key count, length of the keys, keys: what follows the tag `shape`. */
  readonly definition: Uint8Array;

  constructor(readonly keys: readonly string[]) {
    const encoded = keys.map(encodeKey);
    const bytes = encoded.reduce((sum, key) => sum + key.length, 0);
    this.definition = Uint8Array.from([varint(keys.length), varint(bytes), ...encoded].flatMap((part) => [...part]));
  }

  /** True when the object's own enumerable string keys are exactly this shape's, in this order. */
  fits(object: object): boolean {
    const { keys } = this;
    let index = 0;
    for (const key in object) {
      if (!isOwn.call(object, key)) continue;
      if (key !== keys[index]) return false;
      index++;
    }
    return index === keys.length;
  }
}

interface Node {
  shape: WrittenShape | undefined;
  next: Map<string, Node> | undefined;
}

/**
 * The shapes that an encoder has met, kept from message to message so that the keys of an object are compared and not
 * looked up: the object that lay at the same depth before is usually of the same shape.
 */
export class ShapeTable {
  private root: Node = { shape: undefined, next: undefined };
  private nodes = 0;
  private readonly lastAtDepth: (WrittenShape | undefined)[] = [];
  /** The latest shapes by their first key, the latest first. */
  private readonly families = new Map<string, WrittenShape[]>();
  private readonly inMessage: WrittenShape[] = [];
  private numbered = 0;
  private newInMessage = 0;

  /** The object's shape, or undefined when its keys are not worth one. */
  shapeOf(object: object, depth: number): WrittenShape | undefined {
    const last = this.lastAtDepth[depth];
    if (last?.fits(object)) return last;
    const shape = this.relative(object) ?? this.lookUp(Object.keys(object));
    if (shape !== undefined) this.lastAtDepth[depth] = shape;
    return shape;
  }

  /** Gives the shape its number in this message. */
  number(shape: WrittenShape): void {
    this.inMessage[this.numbered] = shape;
    shape.id = this.numbered++;
  }

  /** The message is over. */
  clear(): void {
    for (let id = 0; id < this.numbered; id++) this.inMessage[id].id = -1;
    this.numbered = 0;
    this.newInMessage = 0;
    if (this.nodes > MAX_NODES) {
      this.root = { shape: undefined, next: undefined };
      this.nodes = 0;
      this.lastAtDepth.length = 0;
      this.families.clear();
      this.inMessage.length = 0;
    }
  }

  /** A shape whose first key is the object's, if one of the latest such shapes fits. */
  private relative(object: object): WrittenShape | undefined {
    for (const first in object) {
      const family = this.families.get(first);
      return family?.find((shape) => shape.fits(object));
    }
    return undefined;
  }

  private lookUp(keys: string[]): WrittenShape | undefined {
    if (keys.length > MAX_SHAPE_KEYS) return undefined;
    let node = this.root;
    for (const key of keys) {
      const known = node.next?.get(key);
      if (known === undefined) return this.add(keys);
      node = known;
    }
    if (node.shape === undefined) return this.add(keys);
    this.remember(node.shape);
    return node.shape;
  }

  private remember(shape: WrittenShape): void {
    const [first] = shape.keys;
    const others = this.families.get(first) ?? [];
    this.families.set(first, [shape, ...others.filter((other) => other !== shape)].slice(0, MAX_FAMILY));
  }

  private add(keys: string[]): WrittenShape | undefined {
    if (this.newInMessage === NEW_SHAPES_A_MESSAGE) return undefined;
    if (keys.reduce((sum, key) => sum + key.length, 0) > MAX_SHAPE_CHARACTERS) return undefined;
    this.newInMessage++;
    let node = this.root;
    for (const key of keys) {
      node.next ??= new Map();
      let following = node.next.get(key);
      if (following === undefined) {
        following = { shape: undefined, next: undefined };
        node.next.set(key, following);
        this.nodes++;
      }
      node = following;
    }
    node.shape = new WrittenShape(keys);
    this.remember(node.shape);
    return node.shape;
  }
}

/** A key's length times two, plus one when it is UTF-16; its characters. */
function encodeKey(key: string): Uint8Array {
  const isUtf16 = isWide(key);
  const head = varint(key.length * 2 + (isUtf16 ? 1 : 0));
  const bytes = new Uint8Array(head.length + key.length * (isUtf16 ? 2 : 1));
  bytes.set(head);
  if (isUtf16) writeUtf16(bytes, key, head.length);
  else writeLatin1(bytes, key, head.length);
  return bytes;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
