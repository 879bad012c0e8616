import { type Mutant, mutant } from "./mutant.js";

const store = "rings/map-store.js";
const reader = "rings/map-reader.js";
const makeEven = "words.store(rows.at(entry, word.sequence), nextEven(sequence)); // publishes: entry";
const linkIt = "words.store(link, entry + 1); // publishes: link";
const linkAway = "words.store(link, words.peek(rows.at(entry, word.next))); // publishes: link";
const makeOdd = "words.store(rows.at(entry, word.sequence), rows.peek(entry, word.sequence) | 1);";
const writeBytes = "this.chains.write(entry, whole, 0, keyLength + length);";
const bumpVersion = "this.add(head.version, 1, true); // publishes: removal this.chains.free(entry, length);";
const comesAndGoes = "map, a key comes and goes";
const before = "map, another key before it comes and goes";
const repairs = "map, a writer is killed, and another repairs";

/** Faults in the shared map: one for each ordering and each second look that its essays name. */
export const mapMutants: readonly Mutant[] = [
  mutant("an entry can be read before its bytes are there", comesAndGoes, [
    store,
    writeBytes,
    `words.store(rows.at(entry, word.sequence), nextEven(sequence)); ${writeBytes}`,
  ]),
  mutant(
    "the link to an entry comes before the entry",
    "map, a value is replaced",
    [store, writeBytes, `words.store(old ? old.link : rows.bucket(key.hash), entry + 1); ${writeBytes}`],
    [store, linkIt, ""],
  ),
  mutant(
    "an entry may be read only after it can be found, so that a reader of it depends on its writer's life",
    "map, a writer is killed, and nobody repairs",
    [store, makeEven, ""],
    [store, linkIt, `${linkIt} ${makeEven}`],
  ),
  mutant("a removed entry can be read on", comesAndGoes, [store, makeOdd, ""]),
  mutant("an entry is free before the link leads away from it", "map, two writers, one killed", [
    store,
    linkAway,
    `const after = words.peek(rows.at(entry, word.next)); this.chains.free(entry, this.lengthOf(entry)); this.chains.allocate(8); words.store(link, after);`,
  ]),
  mutant("the version stands still when an entry is removed", before, [
    store,
    bumpVersion,
    "this.chains.free(entry, length);",
  ]),
  mutant("the version goes on before the entry may not be read any more", before, [
    store,
    `${makeOdd} this.add(head.version, 1, true); // publishes: removal`,
    `this.add(head.version, 1, true); ${makeOdd}`,
  ]),
  mutant(
    "a value is replaced by removing it first",
    "map, a value is replaced",
    [
      store,
      "const link = old ? old.link : rows.bucket(key.hash);",
      "if (old) this.remove(old); const link = rows.bucket(key.hash);",
    ],
    [store, "const behind = old ? rows.at(old.entry, word.next) : link;", "const behind = link;"],
    [store, "if (old) this.retire(old.entry);", ""],
  ),
  mutant("a new value does not lead on to what was behind the old one", "map, another key behind it is replaced", [
    store,
    "words.store(rows.at(entry, word.next), words.peek(behind));",
    "words.store(rows.at(entry, word.next), old ? 0 : words.peek(behind));",
  ]),
  mutant("the old value is not removed when a new one is in its place", "map, a value is replaced", [
    store,
    "if (old) this.retire(old.entry);",
    "",
  ]),
  mutant("a reader does not look at the sequence again when it has copied", comesAndGoes, [
    reader,
    "return rows.sequence(entry) === sequence;",
    "return true;",
  ]),
  mutant("a reader looks at the sequence only when it has copied", comesAndGoes, [
    reader,
    "return rows.sequence(entry) === sequence;",
    "return (rows.sequence(entry) & 1) === 0;",
  ]),
  mutant("a reader does not look again whether the bucket leads to what it has found", comesAndGoes, [
    reader,
    "steps === 0 ? words.load(bucket) === first :",
    "steps === 0 ? true :",
  ]),
  mutant(
    "a reader does not look whether an entry was removed while it went along a chain",
    "map, a key behind another comes and goes",
    [reader, ": words.load(this.version) === version; return isThere", ": true; return isThere"],
  ),
  mutant("a reader takes for absent what it has not found", before, [
    reader,
    "return words.load(this.version) === version ? ABSENT : DISTURBED;",
    "return ABSENT;",
  ]),
  mutant("who comes after a killed writer does not repair the free blocks", repairs, [
    store,
    "this.chains.freeOthers(used);",
    "",
  ]),
  mutant("who comes after a killed writer does not count the entries", repairs, [
    store,
    "words.poke(rows.headWord(head.entries), entries);",
    "",
  ]),
  mutant("who comes after a killed writer leaves half-made entries to be read", repairs, [
    store,
    "words.store(rows.at(block, word.sequence), sequence | 1);",
    "",
  ]),
  mutant("what makes room is not unlinked", "map, what is used least makes room", [
    store,
    "this.remove(victim);",
    "this.retire(victim.entry);",
  ]),
];
