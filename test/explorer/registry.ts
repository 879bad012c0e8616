import type { Registry } from "#src/memory/registry.js";
import { ofTheWorld } from "./fingerprint.js";
import { CONTROL_BYTES, deathWord, LONG_DEAD, MOST_PARTIES, ownerOf, parkerWord, partyOf } from "./ground.js";
import { ModelWords } from "./model-words.js";
import type { Party } from "./party.js";

const registries = new WeakMap<Party, Registry>();

/** The registry as a party sees it. */
export function registryOf(party: Party): Registry {
  let registry = registries.get(party);
  if (!registry) {
    registry = makeRegistry(party);
    registries.set(party, registry);
  }
  return registry;
}

function makeRegistry(party: Party): Registry {
  const self = ownerOf(party.index);
  const buffer = ofTheWorld(new ArrayBuffer(CONTROL_BYTES));
  const owners = Array.from({ length: MOST_PARTIES }, (_, index) => ownerOf(index));
  const words = ofTheWorld(new ModelWords(new Int32Array(buffer), party, owners));
  const registry = {
    buffer,
    words,
    self,
    directory: "/nowhere",
    fifo: 100 + party.index,
    lastDeathWord: deathWord(party.index),
    isAlive: (owner: number) => owner === self || party.step("ask whether alive", partyOf(owner)) === 1,
    parkerOf: (owner: number) => (owner === LONG_DEAD ? -1 : parkerWord(partyOf(owner))),
    fifoPath: (owner: number) => String(partyOf(owner)),
    countSleep: () => undefined,
  };
  return ofTheWorld(registry as unknown as Registry);
}
