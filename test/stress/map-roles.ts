/*
 * The roles of a shared map's kill run. What each notes:
 *
 * writer   set K N MS, update K N 0, insert K N 0    begins to write its number N to key K, to live for so long (0: for ever)
 *          delete K N, clear -1 N     begins to remove
 *          done N                     it was          void N     it was not, for certain
 *          instead K W M              what it replaced was number M of writer W
 *          add C, added C V           begins to add one to counter C, has added it, and it was V before
 * both     look K                     begins to read     got K W N     it is number N of writer W     none K     there is none
 *          walk, walked               before and after reading all, which are got one by one
 *          value C, counted C V       the same for a counter
 *          broken K                   what is there is not what anybody writes
 *          over                       the map takes more than it may
 * creator  made                       one round of making, using and closing
 * cleaner  swept                      one round of sweeping
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SharedMap, SystemError } from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { makeValue, recogniseValue, type WriteId } from "./map-values.js";
import type { Stage } from "./stage.js";

/** A roomy map loses nothing, an evicting one what was used least, and a refusing one takes nothing more when it is full. */
export const mapKinds = ["roomy", "roomy", "evicting", "refusing"] as const;

export const KEYS = 24;
export const COUNTERS = 3;
const FEW = 10;

/** What happens to a key: of four, two are written and removed by all, one lives for a while, one is never removed. */
export const isMortal = (key: number): boolean => key % 4 === 2;
export const isSteady = (key: number): boolean => key % 4 === 3;

/** Keys are strings and numbers, short and long. */
export const keyOf = (key: number): string | number =>
  key % 3 === 0 ? key : `key ${key} ${"long ".repeat(key % 5 === 0 ? 40 : 0)}`;
export const counterKey = (counter: number): string => `counter ${counter}`;
const numbers = new Map(Array.from({ length: KEYS }, (_, key) => [keyOf(key), key]));

/** About the longest value. */
export const longestOf = ({ capacity, kind }: Stage["detail"]): number =>
  mapKinds[kind] === "roomy" ? capacity / 64 : capacity / 6;

export function openStressMap(name: string, { capacity, kind, few }: Stage["detail"]): SharedMap<string | number> {
  const eviction = mapKinds[kind] === "refusing" ? "none" : "lru";
  return SharedMap.openOrCreate<string | number>(name, { capacity, eviction, ...(few > 0 && { maxEntries: FEW }) });
}

export async function act(stage: Stage): Promise<void> {
  const { role, object } = stage.job;
  if (role === "creator") return create(stage);
  if (role === "cleaner") return clean(stage);
  const map = openStressMap(object, stage.detail);
  stage.begun();
  try {
    const user = new User(stage, map);
    while (await stage.goesOn()) {
      for (let calls = 1 + stage.random.below(16); calls > 0; calls--) user.doSomething(role === "writer");
      await sleep(1 + stage.random.below(5));
    }
  } finally {
    map.close();
  }
}

const writes = ["set", "set", "set", "update", "update", "insert", "delete", "clear"] as const;

class User {
  private next = 0;
  private readonly longest: number;
  private readonly isRoomy: boolean;

  constructor(
    private readonly stage: Stage,
    private readonly map: SharedMap<string | number>,
  ) {
    this.longest = longestOf(stage.detail);
    this.isRoomy = mapKinds[stage.detail.kind] === "roomy";
  }

  doSomething(writes: boolean): void {
    const { random } = this.stage;
    const draw = random.below(10);
    if (this.isRoomy && draw < 4) return writes ? this.add(random.below(COUNTERS)) : this.count(random.below(COUNTERS));
    if (writes && draw < 9) this.write(random.below(KEYS));
    else if (draw === 4) this.walk();
    else if (draw === 5) this.measure();
    else this.look(random.below(KEYS));
  }

  private write(key: number): void {
    const { history, random, job } = this.stage;
    let form = random.pick(writes);
    if (isSteady(key) && form === "delete") form = "set";
    if (isMortal(key)) form = "set";
    if (form === "clear" && (this.isRoomy || random.below(20) > 0)) form = "set";
    const id = { writer: job.number, number: this.next++ };
    const ttl = isMortal(key) ? 1 + random.below(60) : 0;
    if (form === "clear") history.note("clear", -1, id.number);
    else if (form === "delete") history.note("delete", key, id.number);
    else history.note(form, key, id.number, ttl);
    try {
      if (form === "clear") this.map.clear();
      else if (form === "delete") this.map.delete(keyOf(key));
      else if (form === "set") this.map.set(keyOf(key), this.valueOf(key, id), ttl > 0 ? { ttl } : undefined);
      else if (form === "update") return this.update(key, id);
      else return this.insert(key, id);
    } catch (error) {
      if (!isFull(error)) throw error;
      return history.note("void", id.number);
    }
    history.note("done", id.number);
  }

  private update(key: number, id: WriteId): void {
    const { history } = this.stage;
    let old: unknown;
    this.map.update(keyOf(key), (found) => {
      old = found;
      return this.valueOf(key, id);
    });
    history.note("done", id.number);
    const replaced = old === undefined ? undefined : recogniseValue(old, key, this.longest);
    if (replaced) history.note("instead", key, replaced.writer, replaced.number);
    else if (old !== undefined) history.note("broken", key);
  }

  private insert(key: number, id: WriteId): void {
    const { history } = this.stage;
    const found = recogniseValue(this.map.getOrInsert(keyOf(key), this.valueOf(key, id)), key, this.longest);
    if (!found) return history.note("broken", key);
    if (found.writer === id.writer && found.number === id.number) return history.note("done", id.number);
    history.note("void", id.number);
    history.note("got", key, found.writer, found.number);
  }

  private valueOf(key: number, id: WriteId): unknown {
    return makeValue(key, id, this.longest);
  }

  /** Counter 0 is added to, counter 1 also updated, counter 2 a bigint. */
  private add(counter: number): void {
    const { history, random } = this.stage;
    const key = counterKey(counter);
    history.note("add", counter);
    let before: number;
    if (counter === 2) before = Number(this.map.add(key, 1n));
    else if (counter === 1 && random.below(2) === 0)
      before = Number(this.map.update(key, (value) => ((value as number | undefined) ?? 0) + 1)) - 1;
    else before = this.map.add(key);
    history.note("added", counter, before);
  }

  private count(counter: number): void {
    const { history } = this.stage;
    history.note("value", counter);
    history.note("counted", counter, Number(this.map.get(counterKey(counter)) ?? 0));
  }

  private look(key: number): void {
    const { history, random } = this.stage;
    history.note("look", key);
    if (random.below(4) === 0) {
      if (!this.map.has(keyOf(key))) history.note("none", key);
      return;
    }
    const value = this.map.get(keyOf(key));
    if (value === undefined) history.note("none", key);
    else this.found(key, value);
  }

  private walk(): void {
    const { history } = this.stage;
    history.note("walk");
    for (const [name, value] of this.map) {
      const key = numbers.get(name);
      if (key !== undefined) this.found(key, value);
      else if (!String(name).startsWith("counter ")) history.note("broken", -1);
    }
    history.note("walked");
  }

  private found(key: number, value: unknown): void {
    const id = recogniseValue(value, key, this.longest);
    if (id) this.stage.history.note("got", key, id.writer, id.number);
    else this.stage.history.note("broken", key);
  }

  private measure(): void {
    const { map, stage } = this;
    const { entries, used, capacity } = map.stats;
    if (used > capacity || map.size > KEYS + COUNTERS || (stage.detail.few > 0 && entries > FEW))
      stage.history.note("over", entries, used);
  }
}

const isFull = (error: unknown): boolean => error instanceof SystemError && error.message.includes("the map is full");

/** Makes maps, or finds those that others just made, uses them a little and lets them go. */
async function create(stage: Stage): Promise<void> {
  const { random, history, job } = stage;
  stage.begun();
  while (await stage.goesOn()) {
    const map = openStressMap(`${job.object}-${random.below(3)}`, stage.detail);
    map.set(random.below(10), random.below(2) === 0 ? job.number : new Uint8Array(3000));
    if (random.below(2) === 0) map.get(random.below(10));
    if (random.below(3) === 0) await sleep(random.below(3));
    map.close();
    history.note("made");
    await sleep(random.below(8));
  }
}

/** Sweeps up what the killed have left. */
async function clean(stage: Stage): Promise<void> {
  stage.begun();
  while (await stage.goesOn()) {
    sweep();
    stage.history.note("swept");
    await sleep(stage.random.below(10));
  }
}
