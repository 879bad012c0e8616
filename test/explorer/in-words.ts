import type { Access } from "./access.js";
import { deathWord, ownerOf, parkerWord } from "./ground.js";
import { ALARM, ASLEEP, CHOICE, DEAD, DRAIN, KILL, type Moves, OVER, RECHECK, WOKEN } from "./moves.js";

/** Says what happens in a state, in words. */
export class InWords {
  private readonly parties: readonly string[];
  private readonly names: Readonly<Record<number, string>>;

  constructor(private readonly moves: Moves) {
    const { parties, names = {} } = moves.configuration;
    this.parties = parties;
    this.names = names;
  }

  /** A move as it is about to be made. */
  move(state: Int32Array, move: number): string {
    const { moves } = this;
    moves.show(state);
    const party = move & 7;
    const what = move >> 3;
    const name = this.parties[party].padEnd(10);
    if (what === KILL) return `${name} is killed`;
    if (what === RECHECK) return `${name} looks again by itself`;
    if (what === ALARM) return `${name} is told of a death`;
    if (what >= CHOICE) return `${name} chooses ${what - CHOICE}`;
    if (what >= DRAIN) {
      const { word, value } = moves.bufferedStore(party, what - DRAIN);
      return `${name} has its plain store reach memory: ${this.word(word)} = ${this.value(value)}`;
    }
    return `${name} ${this.access(party, moves.accessOf(party))}`;
  }

  /** Who is through, and where the others stand. */
  standing(state: Int32Array): string {
    const { moves, parties } = this;
    moves.show(state);
    return parties
      .map((name, party) => {
        const status = moves.statusOf(party);
        if (status === DEAD) return `${name} is dead`;
        if (status === OVER) return `${name} is through`;
        const { act, at } = moves.accessOf(party);
        return status === ASLEEP ? `${name} sleeps` : `${name} is about to ${act} ${this.word(at)}`;
      })
      .join(", ");
  }

  private access(party: number, { act, at, value, expected }: Access): string {
    const { moves } = this;
    const found = (): string => this.value(moves.seenBy(party, at));
    const is = moves.word(at);
    switch (act) {
      case "load":
      case "plain load":
        return `${act}s ${this.word(at)}: ${found()}`;
      case "store":
      case "plain store":
        return `${act}s ${this.word(at)} = ${this.value(value)}`;
      case "compareExchange": {
        const outcome = is === expected ? "swapped" : `it is ${this.value(is)}`;
        return `compares ${this.word(at)} with ${this.value(expected)} for ${this.value(value)}: ${outcome}`;
      }
      case "add":
      case "or":
      case "and":
      case "exchange":
        return `${act}s ${this.word(at)} with ${this.value(value)}: it was ${found()}`;
      case "sleep":
        if (moves.statusOf(party) === WOKEN) return "is awake again";
        return is === expected ? "falls asleep" : `does not fall asleep: ${this.word(at)} is ${found()}`;
      case "nap":
        return "naps";
      case "wake":
        return `wakes who sleeps on ${this.word(at)}`;
      case "wait in the loop":
        return "is called by its event loop";
      default:
        return `${act}: ${this.parties[at] ?? at}`;
    }
  }

  private word(word: number): string {
    const known = this.names[word];
    if (known !== undefined) return known;
    for (const [party, name] of this.parties.entries()) {
      if (word === parkerWord(party)) return `${name}'s parker word`;
      if (word === deathWord(party)) return `${name}'s note of deaths`;
    }
    return `word ${word}`;
  }

  private value(value: number): string {
    const party = this.parties.findIndex((_, index) => ownerOf(index) === value);
    return party < 0 ? String(value) : this.parties[party];
  }
}
