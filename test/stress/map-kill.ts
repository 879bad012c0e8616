/*
 * Kills those who use a shared map, make one and sweep at random moments, stops others, and holds what everybody read
 * against what was written.
 *
 * Idea    As in queue-kill.ts: several arenas at once, each with a map, some writers and some readers. After some dozens of
 *         faults all end, what is left is read, all histories are judged (map-history.ts), and a map of another kind is next:
 *         one with room for everything, one that evicts, one that refuses.
 * Checks  Besides the histories: everybody comes to an end; whoever comes last finds the map in order, whatever the killed
 *         were doing: all its entries can be read, and take nothing any more once they are removed; the map's file goes
 *         with its last user, no file and no descriptor is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SharedMap } from "interproc";
import { SeededRandom } from "../rings/seeded-random.js";
import { Arena } from "./arena.js";
import { type FaultOptions, runFaults, type Shared, whenSwept } from "./fault-run.js";
import type { FaultTally } from "./fault-tally.js";
import { doingOf, MapHistory } from "./map-history.js";
import { COUNTERS, counterKey, KEYS, keyOf, longestOf, mapKinds, openStressMap } from "./map-roles.js";
import { recogniseValue } from "./map-values.js";
import { monotonicMs } from "./monotonic-ms.js";
import type { Party } from "./party.js";

const FAULTS_A_MAP = 30;
const finished = new Set(["done", "added", "got", "none", "walked", "counted"]);

export function killMaps(options: FaultOptions): Promise<FaultTally> {
  let round = 0;
  return runFaults(
    "map-kill",
    options,
    (shared, seed) => new MapRound(`m${round++}`, new SeededRandom(seed), shared).run(),
    (shared, seed) => makeAndSweep(new SeededRandom(seed), shared),
  );
}

/** One map's life. */
class MapRound {
  private readonly detail: { readonly capacity: number; readonly kind: number; readonly few: number };

  constructor(
    private readonly name: string,
    private readonly random: SeededRandom,
    private readonly shared: Shared,
  ) {
    const kind = random.below(mapKinds.length);
    const isRoomy = mapKinds[kind] === "roomy";
    const capacity = isRoomy ? 2 ** (21 + random.below(2)) : 2 ** (15 + random.below(4));
    this.detail = { capacity, kind, few: !isRoomy && random.below(2) === 0 ? 1 : 0 };
  }

  async run(): Promise<void> {
    const { name, random, detail, shared } = this;
    const { tally } = shared;
    const doing = (party: Party): string => doingOf(party.history);
    const cast = { writer: 2, reader: 1 + random.below(2) };
    const arena = new Arena({ ...shared, random, cast, job: { play: "map", object: name, detail }, doing });
    await sleep(random.below(200)); // often somebody else makes it
    const map = openStressMap(name, detail);
    await arena.rage(FAULTS_A_MAP);
    tally.count(`${mapKinds[detail.kind]} maps`);
    for (const role of Object.keys(cast)) await arena.finish(role);
    await arena.end();
    const isRoomy = mapKinds[detail.kind] === "roomy";
    const history = new MapHistory(arena.label, tally, KEYS, isRoomy);
    history.read(arena.all);
    this.readWhatIsLeft(map, history, arena.label);
    history.judge();
    if (isRoomy && map.stats.evicted > 0) tally.wrong("lost", `${arena.label}: ${map.stats.evicted} were evicted`);
    this.removeWhatIsLeft(map, arena.label);
    arena.tellRecovery(finished);
    map.close();
    await whenSwept(
      (file) => file === name,
      (file) => tally.wrong("files left", `${arena.label}: ${file}`),
    );
    shared.forget(arena.all);
  }

  /** Reads everything, each key by itself and all of them in one walk. */
  private readWhatIsLeft(map: SharedMap<string | number>, history: MapHistory, label: string): void {
    const { detail, shared } = this;
    const found = new Set<string | number>();
    for (let key = 0; key < KEYS; key++) {
      const begin = monotonicMs();
      const value = map.get(keyOf(key));
      const end = monotonicMs();
      if (value !== undefined) found.add(keyOf(key));
      const id = value === undefined ? undefined : recogniseValue(value, key, longestOf(detail));
      if (value !== undefined && !id) shared.tally.wrong("corrupt", `${label}: key ${key}, at the end`);
      else history.sees(key, begin, end, id?.writer, id?.number);
    }
    if (mapKinds[detail.kind] === "roomy")
      for (let counter = 0; counter < COUNTERS; counter++) {
        const value = map.get(counterKey(counter));
        if (value !== undefined) found.add(counterKey(counter));
        history.ends(counter, Number(value ?? 0));
      }
    const walked = [...map.keys()];
    const { size } = map;
    const strange = walked.filter((key) => !found.has(key)); // fewer, where the time of some is over meanwhile
    if (strange.length > 0 || new Set(walked).size !== walked.length || size > walked.length)
      shared.tally.wrong("wrong count", `${label}: of ${size} entries ${walked.length} are walked along: ${walked}`);
  }

  /** Once nothing is left, nothing is taken. */
  private removeWhatIsLeft(map: SharedMap<string | number>, label: string): void {
    for (const key of map.keys()) map.delete(key);
    const { size } = map; // what has outlived its time goes with that
    const { used, entries } = map.stats;
    if (size !== 0 || used !== 0 || entries !== 0)
      this.shared.tally.wrong("wrong count", `${label}: without keys there are ${entries} entries in ${used} bytes`);
    const half = new Uint8Array(this.detail.capacity / 2 - 64).fill(7);
    for (const key of ["one half", "the other"]) map.set(key, half);
    for (const key of ["one half", "the other"])
      if (Buffer.compare(map.get(key) as Uint8Array, half) !== 0)
        this.shared.tally.wrong("corrupt", `${label}: ${key} of the whole room`);
  }
}

/** An arena of those who make, find and leave the same few maps, and of those who sweep. */
async function makeAndSweep(random: SeededRandom, shared: Shared): Promise<void> {
  const detail = { capacity: 16384, kind: mapKinds.indexOf("evicting"), few: 0 };
  const job = { play: "map", object: "made", detail };
  const arena = new Arena({ ...shared, random, cast: { creator: 2, cleaner: 1 }, job, doing: () => "at work" });
  while (shared.take()) {
    await arena.rage(1);
    await sleep(random.below(500));
  }
  await arena.finish("creator");
  await arena.finish("cleaner");
  await arena.end();
  arena.tellRecovery(new Set(["made", "swept"]));
}
