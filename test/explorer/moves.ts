import { CALL_RECHECK_MS, LOOP_RECHECK_MS } from "#src/sync/parker.js";
import { NOTIFIED } from "#src/sync/parker.layout.js";
import { type Access, drains } from "./access.js";
import { Automaton, type Place } from "./automaton.js";
import type { Configuration, View } from "./configuration.js";
import { deathWord, ownerOf, parkerWord } from "./ground.js";
import type { Production } from "./production.js";

/*
 * What can happen in a state, and what comes of it. A state is a row of numbers: how many kills are left; for each
 * party its place, its status, which deaths it is about to be told of, whom it watches, whether there is a byte in its
 * FIFO, its store buffer; the facts of the properties; the words of the memory, in the order of their first use.
 */

/** What a move does; a move is 8 times that plus the party. From `DRAIN` on: the n-th buffered store reaches memory. */
const STEP = 0;
export const RECHECK = 1;
export const KILL = 2;
export const ALARM = 3;
export const DRAIN = 4;
const MOST_BUFFERED = 8;
/** From here on: the n-th way of a choice. */
export const CHOICE = DRAIN + MOST_BUFFERED;

const READY = 0;
export const ASLEEP = 1;
export const WOKEN = 2;
export const OVER = 3;
export const DEAD = 4;

const PLACE = 0;
const STATUS = 1;
const ALARMS = 2;
const WATCHED = 3;
const POKED = 4;
const BUFFERED = 5;
const BUFFER = 6;

const FACTS = 8;

export class Moves implements View {
  /** How many numbers a state has. */
  readonly length: number;
  readonly automata: readonly Automaton[];
  /** What was done against what was promised, by the last {@link apply}. */
  complaint: string | undefined;
  private state: Int32Array = new Int32Array(0);
  private readonly partyLength: number;
  private readonly parties: number;
  private readonly facts: number;
  private readonly words: number;
  private readonly slots = new Map<number, number>();
  private readonly hasBuffers: boolean;
  private readonly inOrder: boolean;
  private readonly victims: readonly boolean[];

  constructor(
    readonly configuration: Configuration,
    production: Production,
  ) {
    const { parties, memory = "sc", tickMs = 0, victims } = configuration;
    this.parties = parties.length;
    this.hasBuffers = memory !== "sc";
    this.inOrder = memory === "tso";
    this.partyLength = BUFFER + (this.hasBuffers ? 2 * MOST_BUFFERED : 0);
    this.facts = 1 + this.parties * this.partyLength;
    this.words = this.facts + FACTS;
    this.length = this.words + (configuration.mostWords ?? 64);
    this.victims = parties.map((_, party) => victims === undefined || victims.includes(party));
    this.automata = parties.map(
      (_, party) => new Automaton(party, (one) => configuration.script(one, production), tickMs),
    );
  }

  /** The state before the first step. */
  first(): Int32Array {
    const state = new Int32Array(this.length);
    this.state = state;
    state[0] = this.configuration.kills ?? 0;
    for (const [word, value] of Object.entries(this.configuration.initial ?? {})) this.store(Number(word), value);
    this.complaint = undefined;
    for (const [party, { start }] of this.automata.entries()) this.go(party, start);
    return state;
  }

  /** All moves that are possible. */
  of(state: Int32Array): number[] {
    const moves: number[] = [];
    const { rechecks = "never", mayBegin, mayDie } = this.configuration;
    this.state = state;
    const mayRecheck = rechecks === "always" || (rechecks === "after a death" && this.someDied);
    for (let party = 0; party < this.parties; party++) {
      const at = 1 + party * this.partyLength;
      const status = state[at + STATUS];
      if (status === DEAD) continue;
      for (let n = 0; n < this.buffered(at); n++) if (this.mayDrain(at, n)) moves.push((DRAIN + n) * 8 + party);
      if (state[at + ALARMS] !== 0 && status !== OVER) moves.push(ALARM * 8 + party);
      if (status === OVER) continue;
      if (mayBegin && state[at + PLACE] === this.automata[party].start.to.id && !mayBegin(this, party)) continue;
      if (state[0] > 0 && this.victims[party] && (mayDie?.(this, party) ?? true)) moves.push(KILL * 8 + party);
      const access = this.accessOf(party);
      // a shorter sleep than the usual is one that follows a death at once, and counts as a wake
      if (status === ASLEEP) {
        if (access.value < (mayRecheck ? Number.POSITIVE_INFINITY : CALL_RECHECK_MS)) moves.push(RECHECK * 8 + party);
        continue;
      }
      if (this.hasBuffers && this.buffered(at) > 0 && drains(access.act)) continue;
      if (access.act === "plain store" && this.buffered(at) === MOST_BUFFERED) continue;
      if (access.act === "wait in the loop") {
        if (state[at + POKED] !== 0) moves.push(STEP * 8 + party);
        else if (access.value < (mayRecheck ? Number.POSITIVE_INFINITY : LOOP_RECHECK_MS))
          moves.push(RECHECK * 8 + party);
      } else if (access.act === "choose") {
        for (let way = 0; way < access.at; way++) moves.push((CHOICE + way) * 8 + party);
      } else moves.push(STEP * 8 + party);
    }
    return moves;
  }

  /** From now on the questions about words, facts and parties are about this state. */
  show(state: Int32Array): void {
    this.state = state;
  }

  /** Makes a move, in place. */
  apply(state: Int32Array, move: number): void {
    this.state = state;
    this.complaint = undefined;
    const party = move & 7;
    const what = move >> 3;
    const at = 1 + party * this.partyLength;
    if (what === STEP) this.step(party, at);
    else if (what === RECHECK) this.arrive(party, 1);
    else if (what === KILL) this.kill(party, at);
    else if (what === ALARM) this.alarm(party, at);
    else if (what < CHOICE) this.drain(at, what - DRAIN);
    else this.arrive(party, what - CHOICE);
  }

  /** Whether it is no matter of the parties' own: nobody may count on it. */
  isKill(move: number): boolean {
    return move >> 3 === KILL;
  }

  /** Whether all living parties are through. */
  isEnd(state: Int32Array): boolean {
    for (let party = 0; party < this.parties; party++)
      if (state[1 + party * this.partyLength + STATUS] < OVER) return false;
    return true;
  }

  /** What is wrong with a state in which everybody is through. */
  endComplaint(state: Int32Array): string | undefined {
    this.state = state;
    return this.configuration.ended?.(this);
  }

  word(index: number): number {
    return this.state[this.slot(index)];
  }

  fact(index: number): number {
    return this.state[this.facts + index];
  }

  setFact(index: number, value: number): void {
    if (index >= FACTS) throw new Error(`fact ${index}; there are ${FACTS}`);
    this.state[this.facts + index] = value;
  }

  isDead(party: number): boolean {
    return this.statusOf(party) === DEAD;
  }

  statusOf(party: number): number {
    return this.state[1 + party * this.partyLength + STATUS];
  }

  /** The n-th store that a party's processor holds back. */
  bufferedStore(party: number, n: number): { word: number; value: number } {
    const at = 1 + party * this.partyLength + BUFFER + 2 * n;
    const [word] = [...this.slots].find(([, slot]) => slot === this.state[at]) ?? [-1];
    return { word, value: this.state[at + 1] };
  }

  get someDied(): boolean {
    for (let party = 0; party < this.parties; party++) if (this.isDead(party)) return true;
    return false;
  }

  private step(party: number, at: number): void {
    const { state } = this;
    const access = this.accessOf(party);
    const { act } = access;
    if (act === "sleep") {
      if (state[at + STATUS] === READY && this.word(access.at) === access.expected) {
        state[at + STATUS] = ASLEEP;
        return;
      }
      this.arrive(party, 0);
    } else if (act === "plain store" && this.hasBuffers) {
      const buffered = state[at + BUFFERED]++;
      state[at + BUFFER + 2 * buffered] = this.slot(access.at);
      state[at + BUFFER + 2 * buffered + 1] = access.value;
      this.arrive(party, 0);
    } else this.arrive(party, this.result(party, at, access));
  }

  /** Does what an access does to the world. */
  private result(party: number, at: number, { act, at: target, value, expected }: Access): number {
    switch (act) {
      case "load":
      case "plain load":
        return this.seenBy(party, target);
      case "store":
      case "plain store":
        this.store(target, value);
        return 0;
      case "add":
        return this.change(target, (before) => (before + value) | 0);
      case "or":
        return this.change(target, (before) => before | value);
      case "and":
        return this.change(target, (before) => before & value);
      case "exchange":
        return this.change(target, () => value);
      case "compareExchange":
        return this.change(target, (before) => (before === expected ? value : before));
      case "ask whether alive":
      case "open the door of":
        return target < this.parties && !this.isDead(target) ? 1 : 0;
      case "watch":
        if (this.isDead(target)) this.state[at + ALARMS] |= 1 << target;
        else this.state[at + WATCHED] |= 1 << target;
        return 0;
      case "poke":
        if (this.isDead(target)) return -32;
        this.state[1 + target * this.partyLength + POKED] = 1;
        return 0;
      case "wake":
        this.wakeSleeper(target);
        return 0;
      case "wait in the loop":
        this.state[at + POKED] = 0;
        return 0;
      case "nap":
        return 1;
      default:
        throw new Error(`party ${party} makes a step that is none: ${act}`);
    }
  }

  private kill(party: number, at: number): void {
    const { state } = this;
    state[0]--;
    // the kernel has seen the death, and with it all that the processor had stored
    while (this.buffered(at) > 0) this.drain(at, 0);
    for (let n = 0; n < this.partyLength; n++) state[at + n] = 0;
    state[at + STATUS] = DEAD;
    for (let other = 0; other < this.parties; other++) {
      const there = 1 + other * this.partyLength;
      if (state[there + STATUS] >= OVER) continue;
      if (state[there + WATCHED] & (1 << party)) state[there + ALARMS] |= 1 << party;
      state[there + WATCHED] &= ~(1 << party);
    }
    this.configuration.died?.(this, party);
  }

  /** What the watcher thread does. */
  private alarm(party: number, at: number): void {
    const { state } = this;
    const dead = 31 - Math.clz32(state[at + ALARMS]);
    state[at + ALARMS] &= ~(1 << dead);
    this.store(deathWord(party), ownerOf(dead));
    this.store(parkerWord(party), NOTIFIED);
    this.wakeSleeper(parkerWord(party));
    state[at + POKED] = 1;
  }

  private wakeSleeper(word: number): void {
    for (let party = 0; party < this.parties; party++) {
      const at = 1 + party * this.partyLength;
      if (this.state[at + STATUS] === ASLEEP && this.accessOf(party).at === word) {
        this.state[at + STATUS] = WOKEN;
        return;
      }
    }
  }

  private arrive(party: number, result: number): void {
    const { automata, state } = this;
    const place = automata[party].places[state[1 + party * this.partyLength + PLACE]];
    this.go(party, automata[party].after(place, result));
  }

  private go(party: number, { to, notes }: { to: Place; notes: readonly { what: string; value: number }[] }): void {
    const at = 1 + party * this.partyLength;
    const { state } = this;
    state[at + PLACE] = to.id;
    state[at + STATUS] = READY;
    for (const { what, value } of notes)
      if (what !== "begins") this.complaint ??= this.configuration.noted?.(this, party, what, value);
    if (to.access) {
      if (this.isNoMatter(party, to.access)) this.arrive(party, this.result(party, at, to.access));
      return;
    }
    state[at + STATUS] = OVER;
    state[at + ALARMS] = 0;
    state[at + WATCHED] = 0;
    state[at + POKED] = 0;
    if (to.thrown !== undefined) this.complaint ??= `${this.configuration.parties[party]} threw ${String(to.thrown)}`;
  }

  /** A step of which it does not matter when it is made: it follows the one before at once. */
  private isNoMatter(party: number, { act, at }: Access): boolean {
    // of its note of a death a thread only learns to look again sooner
    if (act === "load") return at === deathWord(party);
    return act === "ask whether alive" && !this.configuration.kills;
  }

  private buffered(at: number): number {
    return this.hasBuffers ? this.state[at + BUFFERED] : 0;
  }

  private mayDrain(at: number, n: number): boolean {
    if (n === 0) return true;
    if (this.inOrder) return false;
    for (let before = 0; before < n; before++)
      if (this.state[at + BUFFER + 2 * before] === this.state[at + BUFFER + 2 * n]) return false;
    return true;
  }

  private drain(at: number, n: number): void {
    const { state } = this;
    const slot = at + BUFFER + 2 * n;
    state[state[slot]] = state[slot + 1];
    const last = at + BUFFER + 2 * --state[at + BUFFERED];
    state.copyWithin(slot, slot + 2, last + 2);
    state[last] = 0;
    state[last + 1] = 0;
  }

  /** What a party would load: it sees its own stores first. */
  seenBy(party: number, word: number): number {
    const slot = this.slot(word);
    const at = 1 + party * this.partyLength;
    for (let n = this.buffered(at) - 1; n >= 0; n--)
      if (this.state[at + BUFFER + 2 * n] === slot) return this.state[at + BUFFER + 2 * n + 1];
    return this.state[slot];
  }

  private store(word: number, value: number): void {
    this.state[this.slot(word)] = value;
  }

  private change(word: number, to: (before: number) => number): number {
    const slot = this.slot(word);
    const before = this.state[slot];
    this.state[slot] = to(before);
    return before;
  }

  private slot(word: number): number {
    const known = this.slots.get(word);
    if (known !== undefined) return known;
    const slot = this.words + this.slots.size;
    if (slot === this.length) throw new Error(`more than ${this.slots.size} words of memory are used (mostWords)`);
    this.slots.set(word, slot);
    return slot;
  }

  /** What a living party is about to do. */
  accessOf(party: number): Access {
    const place = this.automata[party].places[this.state[1 + party * this.partyLength + PLACE]];
    return place.access as Access;
  }
}
