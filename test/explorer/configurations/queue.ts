import { queueHead, queuePlan } from "#src/primitives/queue/queue.layout.js";
import { BLOCK, itemRow, storeHead } from "#src/rings/item-store.layout.js";
import { guardHead } from "#src/sync/guard.layout.js";
import { waitersHead } from "#src/sync/waiters.layout.js";
import type { Configuration, View } from "../configuration.js";
import { BODY, PAYLOAD, WAITING } from "../ground.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const MOST_ATTACHED = 3;
const ITEMS = 2;

const named = <Name extends string>(at: number, words: Readonly<Record<Name, number>>, what = ""): [number, string][] =>
  (Object.entries(words) as [Name, number][]).map(([name, word]) => [at + word, `${what}${name}`]);

/** A queue's memory in words: its first state and what each is called. */
function layOut(blocks: number): Pick<Configuration, "initial" | "names"> {
  const plan = queuePlan(MOST_ATTACHED, blocks);
  const rows = Array.from({ length: blocks }, (_, block) => BODY + plan.rows + (block * itemRow.bytes) / 4);
  return {
    initial: {
      [BODY + plan.store + storeHead.word.free]: blocks,
    },
    names: Object.fromEntries([
      [WAITING, "bits of who waits"],
      ...named(BODY, queueHead.word, "queue's "),
      ...named(BODY + plan.guard, guardHead.word, "guard's "),
      ...named(BODY + plan.store, storeHead.word, "store's "),
      ...(["readers", "writers", "joiners"] as const).flatMap((line) => [
        ...named(BODY + plan[line], waitersHead.word, `${line}' `),
        ...[0, 1, 2].map((party) => [BODY + plan[line] + waitersHead.bytes / 4 + party, `${line}' ticket ${party}`]),
      ]),
      ...[0, 1, 2].map((party) => [BODY + plan.held + party, `held by ${party}`]),
      ...rows.flatMap((row, item) => named(row, itemRow.word, `item ${item}'s `)),
      ...rows.map((_, item) => [BODY + plan.rows + (blocks * itemRow.bytes) / 4 + item, `next block behind ${item}`]),
      ...rows.map((_, item) => [PAYLOAD + (item * BLOCK) / 4, `bytes of item ${item}`]),
    ]),
  };
}

function make(party: Party, { Holding, QueueCore, parker }: Production, blocks: number) {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party, blocks * BLOCK, MOST_ATTACHED), party.index);
    return { holding, core: QueueCore.of(holding), parker: parker() };
  });
  party.knows(made);
  return made;
}

/** Puts the items, waiting for room where there is none; `shuts`: says that no more will come. */
function produce(party: Party, production: Production, blocks: number, shuts: boolean): void {
  const { core, parker } = make(party, production, blocks);
  for (let n = 0; n < ITEMS; n++) {
    party.begins(`puts ${n}`);
    const bytes = Uint8Array.of(n + 1, 7, 7, n + 1);
    const attempt = (): boolean => core.put(bytes, bytes.length, 0, 0, false) === "done";
    if (!attempt())
      parker.waitSync(
        [new production.QueueWait(core, core.writers, () => core.mayHaveRoom(1) && attempt(), true, { blocks: 1 })],
        Number.POSITIVE_INFINITY,
      );
    party.note("put", n);
  }
  if (!shuts) return;
  party.begins("shuts down");
  core.shutDown(false, () => undefined);
  party.note("shut down");
}

/** Takes and acknowledges so many items, or all until nothing more will come. */
function consume(party: Party, production: Production, blocks: number, most: number): void {
  const { core, parker } = make(party, production, blocks);
  for (let count = 0; count < most; count++) {
    party.begins(most === ITEMS ? `takes ${count}` : "takes");
    let item = -1;
    const attempt = (): boolean => {
      if (!core.mayBeReady) return false;
      item = core.take(false);
      return item >= 0 || core.isOver(0);
    };
    if (!attempt())
      parker.waitSync([new production.QueueWait(core, core.readers, attempt, true)], Number.POSITIVE_INFINITY);
    if (item < 0) return party.note("saw the end");
    const bytes = new Uint8Array(core.store.lengthOf(item));
    core.store.read(item, bytes, 0);
    const [n] = bytes;
    if (bytes.join() !== [n, 7, 7, n].join()) party.note("corrupt");
    party.note(core.store.deliveriesOf(item) > 1 ? "has again" : "has", n - 1);
    core.finish(item);
    party.note("acknowledged", n - 1);
  }
}

const PUT = 0;
const HAD = 1;
const DONE = 2;
/** 1: nothing more is put; 2: and a consumer knows. */
const SHUT = 3;

/** Nothing is lost, nothing comes twice unless it says so, and that only after a death. */
const properties = {
  noted(view: View, _party: number, what: string, value: number): string | undefined {
    if (what === "corrupt") return "an item is not as it was put";
    const bit = 1 << value;
    const add = (fact: number): void => view.setFact(fact, view.fact(fact) | bit);
    if (what === "put") add(PUT);
    else if (what === "shut down") view.setFact(SHUT, 1);
    else if (what === "saw the end") view.setFact(SHUT, 2);
    else if (what === "acknowledged") {
      if (view.fact(DONE) & bit) return `item ${value} is acknowledged twice`;
      add(DONE);
    } else {
      if (view.fact(DONE) & bit) return `item ${value} comes after it was acknowledged`;
      if (what === "has" && view.fact(HAD) & bit) return `item ${value} comes twice, and does not say so`;
      if (what === "has again" && !view.someDied) return `item ${value} says that it comes again, and nobody died`;
      add(HAD);
    }
    return undefined;
  },
};

/** The first party puts, the others take. */
const queue = (title: string, blocks: number, consumers: number, more: Partial<Configuration> = {}): Configuration => ({
  title: `queue, ${title}`,
  parties: ["producer", "B", "C"].slice(0, 1 + consumers),
  script: (party, production) =>
    party.index === 0
      ? produce(party, production, blocks, true)
      : consume(party, production, blocks, Number.POSITIVE_INFINITY),
  mostWords: 100,
  ended: (view) => {
    const isLost =
      [1, 2].slice(0, consumers).some((party) => !view.isDead(party)) && view.fact(PUT) !== view.fact(DONE);
    return isLost && !view.someDied ? "an item is lost" : undefined;
  },
  ...layOut(blocks),
  ...properties,
  ...more,
});

export const queues: readonly Configuration[] = [
  queue("room for all", 2, 1),
  queue("room for all, x86", 2, 1, { memory: "tso" }),
  queue("room for all, weak memory", 2, 1, { memory: "pso" }),
  queue("room for one", 1, 1),
  queue("as many taken as put", 2, 1, {
    script: (party, production) =>
      party.index === 0 ? produce(party, production, 2, false) : consume(party, production, 2, ITEMS),
  }),
  queue("two consumers", 2, 2),
  queue("a consumer killed before another comes", 2, 2, {
    kills: 1,
    victims: [1],
    rechecks: "after a death",
    mayBegin: (view, party) =>
      party === 0 || (view.fact(SHUT) !== 0 && (party === 1 || view.isDead(1) || view.fact(SHUT) === 2)),
    mayDie: (view) => view.fact(HAD) !== view.fact(DONE),
  }),
  queue("two consumers, one killed", 2, 2, { kills: 1, victims: [1], rechecks: "after a death" }),
];
