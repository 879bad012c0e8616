/*
 * Explorer: runs the code of src itself through every course that two or three parties can take together.
 *
 * Idea    A party is a script that calls the code as a thread would (party.ts). All that reaches out of it (control words,
 *         payload bytes, kernel calls, clock, timers) goes through doors (doors/, model-words.ts), where each access is a
 *         step: the script is run from its beginning with the recorded results of its steps and stopped by a throw at
 *         the next one. Where a party can come to is kept as an automaton (automaton.ts), so that code is run once for
 *         each place and not once for each state. A state is the memory, what is in the store buffers, and every
 *         party's place (moves.ts); from each, every party makes its step, is killed, is told of a death, looks again.
 * Finds   What a configuration's properties say no to; what the code throws; a state in which nobody can go on; and, once
 *         all states are known, one from which no steps lead to the end (kills are never counted on to help).
 * Limits  Processors that have loads pass loads are not modelled; `Atomics` are sequentially consistent whatever they do.
 *         Two courses that come to a sleep, or to what a script calls a beginning, with equal objects go on as one:
 *         variables of the functions that sleep must not matter (parker.ts keeps what it knows of deaths in one; it is
 *         part of the place).
 * Use     A new configuration is an entry in a file of configurations/, a new fault one in mutants.ts.
 * Source  Loom's replaced atomics, CDSChecker's store buffers; Verisoft's stateless search for the replay.
 */
import type { Configuration } from "./configuration.js";
import { InWords } from "./in-words.js";
import { Moves } from "./moves.js";
import type { Production } from "./production.js";
import { Visited } from "./visited.js";

export interface Findings {
  readonly title: string;
  readonly states: number;
  /** Every state that can be reached was seen. */
  readonly isExhausted: boolean;
  /** Places of the code that the parties came to, each by a replay. */
  readonly places: number;
  readonly seconds: number;
  /** What went wrong, and step by step how. */
  readonly violation: string | undefined;
  readonly trace: readonly string[];
}

export function findingsInWords({ title, states, isExhausted, places, seconds, violation, trace }: Findings): string {
  const rate = (Math.round(states / Math.max(seconds, 0.001) / 1000) * 1000).toLocaleString("en");
  const how = isExhausted ? "all of them" : violation === undefined ? "then stopped" : "until the fault";
  const head = `${title}: ${states} states (${how}), ${places} places of the code, ${seconds.toFixed(2)} s, ${rate} a second`;
  return violation === undefined
    ? head
    : [head, violation, ...trace.map((line, index) => `${index + 1}. ${line}`)].join("\n");
}

/**
 * Explores a configuration until all is seen, or `most` states, or something goes wrong. The shortest way there takes a
 * second search.
 */
export function explore(
  configuration: Configuration,
  production: Production,
  most: number,
  trace: "shortest trace" | "any trace" = "shortest trace",
): Findings {
  const startedAt = performance.now();
  const search = new Search(new Moves(configuration, production), most, "both ends");
  let fault = search.run();
  let way = fault ? search.traceTo(fault) : [];
  if (fault && !search.isExhausted && trace === "shortest trace") {
    // the first one to be found is not the one that is seen through most easily
    const shortest = new Search(new Moves(configuration, production), most * 2, "breadth first");
    const better = shortest.run();
    if (better) {
      fault = better;
      way = shortest.traceTo(better);
    }
  }
  return {
    title: configuration.title,
    states: search.states,
    isExhausted: search.isExhausted,
    places: search.moves.automata.reduce((sum, { places }) => sum + places.length, 0),
    seconds: (performance.now() - startedAt) / 1000,
    violation: fault?.complaint,
    trace: way,
  };
}

interface Fault {
  readonly complaint: string;
  /** The state before the last move, and that move. */
  readonly state: number;
  readonly move: number | undefined;
}

interface Open {
  readonly id: number;
  readonly state: Int32Array;
}

class Numbers {
  private array = new Int32Array(1 << 12);
  length = 0;

  push(value: number): void {
    if (this.length === this.array.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.array);
      this.array = larger;
    }
    this.array[this.length++] = value;
  }

  at(index: number): number {
    return this.array[index];
  }
}

class Search {
  isExhausted = false;
  private readonly visited = new Visited();
  private readonly parents = new Numbers();
  private readonly arrivals = new Numbers();
  /** Every move that is not a kill, from which state to which. */
  private readonly from = new Numbers();
  private readonly to = new Numbers();
  private readonly ends = new Numbers();
  private readonly open: Open[] = [];
  private first = 0;
  private readonly spare: Int32Array[] = [];

  constructor(
    readonly moves: Moves,
    private readonly most: number,
    private readonly order: "breadth first" | "both ends",
  ) {}

  get states(): number {
    return this.visited.count;
  }

  run(): Fault | undefined {
    const { moves, open } = this;
    const state = moves.first();
    if (moves.complaint) return { complaint: moves.complaint, state: 0, move: undefined };
    this.add(state, -1, 0);
    for (let turn = 0; this.first < open.length; turn++) {
      if (this.visited.count >= this.most) return undefined;
      const next = this.take(turn);
      const fault = this.expand(next);
      if (fault) return fault;
      this.spare.push(next.state);
    }
    this.isExhausted = true;
    return this.findStuck();
  }

  /** The steps from the beginning to where it goes wrong, in words. */
  traceTo({ state, move }: Fault): string[] {
    const path: number[] = move === undefined ? [] : [move];
    for (let id = state; id > 0; id = this.parents.at(id)) path.unshift(this.arrivals.at(id));
    const { moves } = this;
    const current = moves.first();
    const inWords = new InWords(moves);
    const lines = path.map((one) => {
      const line = inWords.move(current, one);
      moves.apply(current, one);
      return line;
    });
    return [...lines, `there: ${inWords.standing(current)}`];
  }

  /** By turns the newest, so that it goes deep, and the oldest, so that nothing near is missed. */
  private take(turn: number): Open {
    const { open } = this;
    if (this.order === "both ends" && (turn & 3) !== 0) return open.pop() as Open;
    const oldest = open[this.first++];
    if (this.first > 10_000 && this.first * 2 > open.length) {
      open.splice(0, this.first);
      this.first = 0;
    }
    return oldest;
  }

  private expand({ id, state }: Open): Fault | undefined {
    const { moves } = this;
    const possible = moves.of(state);
    if (moves.isEnd(state)) {
      this.ends.push(id);
      if (possible.length === 0) {
        const complaint = moves.endComplaint(state);
        if (complaint) return { complaint, state: id, move: undefined };
      }
    } else if (possible.every((move) => moves.isKill(move)))
      return { complaint: "nobody can go on, and not all are through", state: id, move: undefined };
    for (const move of possible) {
      const after = this.spare.pop() ?? new Int32Array(moves.length);
      after.set(state);
      moves.apply(after, move);
      if (moves.complaint) return { complaint: moves.complaint, state: id, move };
      const reached = this.add(after, id, move);
      if (moves.isKill(move)) continue;
      this.from.push(id);
      this.to.push(reached);
    }
    return undefined;
  }

  private add(state: Int32Array, parent: number, move: number): number {
    let high = 0x9e37_79b9;
    let low = 0x85eb_ca6b;
    for (let index = 0; index < state.length; index++) {
      const value = state[index];
      if (value === 0) continue;
      high = Math.imul(high ^ value, 0xcc9e_2d51) + Math.imul(index + 1, 0x1b87_3593);
      high ^= high >>> 15;
      low = Math.imul(low ^ (value + Math.imul(index + 7, 0x27d4_eb2f)), 0x9e37_79b1);
      low ^= low >>> 13;
    }
    const known = this.visited.add(high | 0, low | 0);
    if (known >= 0) {
      this.spare.push(state);
      return known;
    }
    const id = -known - 1;
    this.parents.push(parent);
    this.arrivals.push(move);
    this.open.push({ id, state });
    return id;
  }

  /** A state from which nobody's step leads to the end any more, however long they go on. */
  private findStuck(): Fault | undefined {
    const count = this.visited.count;
    const heads = new Int32Array(count).fill(-1);
    const nexts = new Int32Array(this.to.length);
    for (let edge = 0; edge < this.to.length; edge++) {
      nexts[edge] = heads[this.to.at(edge)];
      heads[this.to.at(edge)] = edge;
    }
    const ends = new Uint8Array(count);
    const left: number[] = [];
    for (let n = 0; n < this.ends.length; n++) {
      ends[this.ends.at(n)] = 1;
      left.push(this.ends.at(n));
    }
    for (let id = left.pop(); id !== undefined; id = left.pop())
      for (let edge = heads[id]; edge >= 0; edge = nexts[edge]) {
        const before = this.from.at(edge);
        if (ends[before]) continue;
        ends[before] = 1;
        left.push(before);
      }
    const stuck = ends.indexOf(0);
    return stuck < 0
      ? undefined
      : { complaint: "they go on without end, and never are through", state: stuck, move: undefined };
  }
}
