import type { Configuration } from "../configuration.js";
import { BODY, WAITING } from "../ground.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const VALUE = BODY;
const WATCHED = BODY + 1;
const names = { [VALUE]: "value", [WATCHED]: "watched", [WAITING]: "bits of who waits" };

function make(party: Party, { Holding, Changes, parker }: Production) {
  const made = party.setUp(() => {
    const holding = new Holding(segmentOf(party), party.index);
    return { words: holding.words, holding, changes: new Changes(holding, WATCHED, "value"), parker: parker() };
  });
  party.knows(made);
  return made;
}

/** The first party writes 1 and 2, the others wait for 2. */
function writeAndWait(party: Party, production: Production): void {
  const { words, changes } = make(party, production);
  party.begins("");
  const read = (): number => words.load(VALUE);
  if (party.index > 0) {
    changes.untilSync(read, (value) => value === 2);
    return;
  }
  for (const value of [1, 2]) {
    words.store(VALUE, value);
    changes.published();
  }
}

/** Two that answer each other. */
function inTurns(party: Party, production: Production): void {
  const { words, changes } = make(party, production);
  party.begins("");
  const read = (): number => words.load(VALUE);
  for (let turn = party.index; turn < 4; turn += 2) {
    changes.untilSync(read, (value) => value === turn);
    words.store(VALUE, turn + 1);
    changes.published();
    party.begins(`after turn ${turn}`);
  }
}

/** Two write; a third waits until both have. */
function twoWriters(party: Party, production: Production): void {
  const { words, changes } = make(party, production);
  party.begins("");
  if (party.index === 2) {
    changes.untilSync(
      () => words.load(VALUE),
      (value) => value === 3,
    );
    return;
  }
  words.or(VALUE, 1 << party.index);
  changes.published();
}

export const changes: readonly Configuration[] = [
  { title: "changes, one waits", parties: ["writer", "waiter"], script: writeAndWait, names },
  { title: "changes, one waits, x86", parties: ["writer", "waiter"], memory: "tso", script: writeAndWait, names },
  { title: "changes, two wait", parties: ["writer", "B", "C"], script: writeAndWait, names },
  {
    title: "changes, two wait, one of them killed",
    parties: ["writer", "B", "C"],
    kills: 1,
    rechecks: "after a death",
    victims: [1, 2],
    script: writeAndWait,
    names,
  },
  { title: "changes, in turns", parties: ["A", "B"], script: inTurns, names },
  {
    title: "changes, two writers, watched by somebody who went",
    parties: ["A", "B", "waiter"],
    initial: { [WATCHED]: 1 },
    script: twoWriters,
    names,
  },
  { title: "changes, two writers", parties: ["A", "B", "waiter"], script: twoWriters, names },
];
