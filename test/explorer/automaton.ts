import type { Access } from "./access.js";
import { type Note, Party } from "./party.js";

/** Where a party stands in its code: what it is about to do, and how it got there. */
export interface Place {
  readonly id: number;
  /** Undefined at the end of the script. */
  readonly access: Access | undefined;
  /** What the code threw, if it ended so. */
  readonly thrown: unknown;
  readonly next: Map<number, Way>;
  /** Results on one of the ways here, by which the code is brought here again. */
  readonly results: readonly number[];
  /** Places with the same key are one. */
  readonly mark: string;
  readonly since: string;
}

/** The way to a place, and what the party says of itself on it. */
export interface Way {
  readonly to: Place;
  readonly notes: readonly Note[];
}

/**
 * All places that a party can come to, found by running its code. Each is run to once, however many states of the whole
 * have the party there: how many replays there were is told by {@link places}.
 */
export class Automaton {
  readonly places: Place[] = [];
  readonly start: Way;
  private readonly known = new Map<string, Place>();

  constructor(
    private readonly index: number,
    private readonly script: (party: Party) => void,
    private readonly tickMs: number,
  ) {
    this.start = this.run([], "", "");
  }

  /** Where the party is once its access has this result. */
  after(place: Place, result: number): Way {
    const known = place.next.get(result);
    if (known) return known;
    const way = this.run([...place.results, result], place.mark, `${place.since},${result}`);
    place.next.set(result, way);
    return way;
  }

  private run(results: readonly number[], markBefore: string, sinceBefore: string): Way {
    const party = new Party(this.index, results, this.tickMs);
    const { access, thrown, notes, mark } = party.run(this.script);
    const end = access === undefined && thrown === undefined ? "the end" : mark;
    const place = {
      access,
      thrown,
      results,
      mark: end ?? markBefore,
      since: end === undefined ? sinceBefore : "",
    };
    const key = `${place.mark}|${place.since}`;
    const known = this.known.get(key);
    if (known) {
      if (known.access?.act !== access?.act || known.access?.at !== access?.at || known.access?.value !== access?.value)
        throw new Error(`party ${this.index}: two courses that were taken for one differ at ${key}`);
      return { to: known, notes };
    }
    const added: Place = { id: this.places.length, next: new Map(), ...place };
    this.places.push(added);
    this.known.set(key, added);
    return { to: added, notes };
  }
}
