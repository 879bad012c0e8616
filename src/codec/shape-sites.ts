import type { PlainObject, ReadShape, ShapeReader, ValueSource } from "./read-shape.js";

/*
 * Eight copies of one function, on purpose.
 *
 * Idea    V8 remembers at each place in the source which keys and hidden classes it has met there. One place that stores
 *         all keys of all shapes ends in a generic store of 15 ns a key; a place that meets one key of one shape
 *         takes 3 ns. So a shape that occurs often gets a copy of its own, and its first keys a line each.
 * Limits  The first shapes that were met often have the copies; the others are read by `readPlainly`. Which shape
 *         has a copy changes the speed and nothing else, so a peer that wastes them has won nothing.
 * Figures docs/decisions/0003-own-codec.md
 */
function site0(source: ValueSource, { keys, keys: { length } }: ReadShape): PlainObject {
  const object: PlainObject = {};
  source.track(object);
  object[keys[0]] = source.value();
  if (length === 1) return object;
  object[keys[1]] = source.value();
  if (length === 2) return object;
  object[keys[2]] = source.value();
  if (length === 3) return object;
  object[keys[3]] = source.value();
  if (length === 4) return object;
  object[keys[4]] = source.value();
  if (length === 5) return object;
  object[keys[5]] = source.value();
  if (length === 6) return object;
  object[keys[6]] = source.value();
  if (length === 7) return object;
  object[keys[7]] = source.value();
  if (length === 8) return object;
  for (let i = 8; i < length; i++) object[keys[i]] = source.value();
  return object;
}

function site1(source: ValueSource, { keys, keys: { length } }: ReadShape): PlainObject {
  const object: PlainObject = {};
  source.track(object);
  object[keys[0]] = source.value();
  if (length === 1) return object;
  object[keys[1]] = source.value();
  if (length === 2) return object;
  object[keys[2]] = source.value();
  if (length === 3) return object;
  object[keys[3]] = source.value();
  if (length === 4) return object;
  object[keys[4]] = source.value();
  if (length === 5) return object;
  object[keys[5]] = source.value();
  if (length === 6) return object;
  object[keys[6]] = source.value();
  if (length === 7) return object;
  object[keys[7]] = source.value();
  if (length === 8) return object;
  for (let i = 8; i < length; i++) object[keys[i]] = source.value();
  return object;
}

function site2(source: ValueSource, { keys, keys: { length } }: ReadShape): PlainObject {
  const object: PlainObject = {};
  source.track(object);
  object[keys[0]] = source.value();
  if (length === 1) return object;
  object[keys[1]] = source.value();
  if (length === 2) return object;
  object[keys[2]] = source.value();
  if (length === 3) return object;
  object[keys[3]] = source.value();
  if (length === 4) return object;
  object[keys[4]] = source.value();
  if (length === 5) return object;
  object[keys[5]] = source.value();
  if (length === 6) return object;
  object[keys[6]] = source.value();
  if (length === 7) return object;
  object[keys[7]] = source.value();
  if (length === 8) return object;
  for (let i = 8; i < length; i++) object[keys[i]] = source.value();
  return object;
}

function site3(source: ValueSource, { keys, keys: { length } }: ReadShape): PlainObject {
  const object: PlainObject = {};
  source.track(object);
  object[keys[0]] = source.value();
  if (length === 1) return object;
  object[keys[1]] = source.value();
  if (length === 2) return object;
  object[keys[2]] = source.value();
  if (length === 3) return object;
  object[keys[3]] = source.value();
  if (length === 4) return object;
  object[keys[4]] = source.value();
  if (length === 5) return object;
  object[keys[5]] = source.value();
  if (length === 6) return object;
  object[keys[6]] = source.value();
  if (length === 7) return object;
  object[keys[7]] = source.value();
  if (length === 8) return object;
  for (let i = 8; i < length; i++) object[keys[i]] = source.value();
  return object;
}

function site4(source: ValueSource, { keys, keys: { length } }: ReadShape): PlainObject {
  const object: PlainObject = {};
  source.track(object);
  object[keys[0]] = source.value();
  if (length === 1) return object;
  object[keys[1]] = source.value();
  if (length === 2) return object;
  object[keys[2]] = source.value();
  if (length === 3) return object;
  object[keys[3]] = source.value();
  if (length === 4) return object;
  object[keys[4]] = source.value();
  if (length === 5) return object;
  object[keys[5]] = source.value();
  if (length === 6) return object;
  object[keys[6]] = source.value();
  if (length === 7) return object;
  object[keys[7]] = source.value();
  if (length === 8) return object;
  for (let i = 8; i < length; i++) object[keys[i]] = source.value();
  return object;
}

function site5(source: ValueSource, { keys, keys: { length } }: ReadShape): PlainObject {
  const object: PlainObject = {};
  source.track(object);
  object[keys[0]] = source.value();
  if (length === 1) return object;
  object[keys[1]] = source.value();
  if (length === 2) return object;
  object[keys[2]] = source.value();
  if (length === 3) return object;
  object[keys[3]] = source.value();
  if (length === 4) return object;
  object[keys[4]] = source.value();
  if (length === 5) return object;
  object[keys[5]] = source.value();
  if (length === 6) return object;
  object[keys[6]] = source.value();
  if (length === 7) return object;
  object[keys[7]] = source.value();
  if (length === 8) return object;
  for (let i = 8; i < length; i++) object[keys[i]] = source.value();
  return object;
}

function site6(source: ValueSource, { keys, keys: { length } }: ReadShape): PlainObject {
  const object: PlainObject = {};
  source.track(object);
  object[keys[0]] = source.value();
  if (length === 1) return object;
  object[keys[1]] = source.value();
  if (length === 2) return object;
  object[keys[2]] = source.value();
  if (length === 3) return object;
  object[keys[3]] = source.value();
  if (length === 4) return object;
  object[keys[4]] = source.value();
  if (length === 5) return object;
  object[keys[5]] = source.value();
  if (length === 6) return object;
  object[keys[6]] = source.value();
  if (length === 7) return object;
  object[keys[7]] = source.value();
  if (length === 8) return object;
  for (let i = 8; i < length; i++) object[keys[i]] = source.value();
  return object;
}

function site7(source: ValueSource, { keys, keys: { length } }: ReadShape): PlainObject {
  const object: PlainObject = {};
  source.track(object);
  object[keys[0]] = source.value();
  if (length === 1) return object;
  object[keys[1]] = source.value();
  if (length === 2) return object;
  object[keys[2]] = source.value();
  if (length === 3) return object;
  object[keys[3]] = source.value();
  if (length === 4) return object;
  object[keys[4]] = source.value();
  if (length === 5) return object;
  object[keys[5]] = source.value();
  if (length === 6) return object;
  object[keys[6]] = source.value();
  if (length === 7) return object;
  object[keys[7]] = source.value();
  if (length === 8) return object;
  for (let i = 8; i < length; i++) object[keys[i]] = source.value();
  return object;
}

const sites = [site0, site1, site2, site3, site4, site5, site6, site7];
let taken = 0;

/** A copy for a shape that occurs often; undefined when all are taken. */
export function takeSite(): ShapeReader | undefined {
  return taken < sites.length ? sites[taken++] : undefined;
}
