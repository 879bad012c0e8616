import { BLOCK } from "#src/rings/item-store.layout.js";
import type { Configuration } from "../configuration.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";
import { QueueMemory } from "./queue-memory.js";
import { itemFacts, queuePromises } from "./queue-promises.js";

const ITEMS = 2;

function make(party: Party, { Holding, QueueCore, parker }: Production, blocks: number) {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party, blocks * BLOCK, QueueMemory.mostAttached), party.index);
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
    const takeNow = (): true | undefined => {
      item = core.take(false);
      return item < 0 ? undefined : true;
    };
    const attempt = (): boolean => core.mayBeReady && core.attemptOr(true, takeNow, () => 0) === true;
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
      [1, 2].slice(0, consumers).some((party) => !view.isDead(party)) && itemFacts.put(view) !== itemFacts.done(view);
    return isLost && !view.someDied ? "an item is lost" : undefined;
  },
  ...new QueueMemory(blocks).empty,
  ...queuePromises,
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
      party === 0 || (itemFacts.shut(view) !== 0 && (party === 1 || view.isDead(1) || itemFacts.shut(view) === 2)),
    mayDie: (view) => itemFacts.had(view) !== itemFacts.done(view),
  }),
  queue("two consumers, one killed", 2, 2, { kills: 1, victims: [1], rechecks: "after a death" }),
];
