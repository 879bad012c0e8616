import type { Configuration } from "../configuration.js";
import { BODY, changingEntry, LONG_DEAD, ownerOf, WAITING } from "../ground.js";
import { joinEntry } from "../join-entry.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

const SEATS = 3;
const VALUE = BODY;
const WATCHED = BODY + 1;

/** The first party sits down in the seat of a dead one whose bit is set, and waits until both others have written. */
function inTheDeadOnesSeat(party: Party, { Holding, Changes, parker }: Production): void {
  const segment = segmentOf(party, 0, SEATS, changingEntry);
  const open = (index: number) => {
    const holding = new Holding(segment, index);
    return { words: holding.words, holding, changes: new Changes(holding, WATCHED, "value"), parker: parker() };
  };
  if (party.index > 0) {
    const made = party.setUp(() => open(party.index));
    party.knows(made);
    party.begins("");
    made.words.or(VALUE, 1 << party.index);
    return made.changes.published();
  }
  party.begins("comes");
  const made = open(joinEntry(segment));
  party.knows(made);
  made.changes.untilSync(
    () => made.words.load(VALUE),
    (value) => value === 6,
  );
}

export const changesAgain: readonly Configuration[] = [
  {
    title: "changes, a dead one's seat is taken again",
    parties: ["A", "B", "C"],
    names: { [VALUE]: "value", [WATCHED]: "watched", [WAITING]: "bits of who waits", [changingEntry(0)]: "seat 0" },
    script: inTheDeadOnesSeat,
    initial: {
      [WATCHED]: 1,
      [WAITING]: 1,
      [changingEntry(0)]: LONG_DEAD,
      [changingEntry(1)]: ownerOf(1),
      [changingEntry(2)]: ownerOf(2),
    },
  },
];
