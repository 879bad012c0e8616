import { now } from "../../deadline.js";
import { Bytes } from "../../memory/bytes.js";
import { attachmentEntry, WAITS } from "../../memory/object.layout.js";
import { type CLOSED, IN_FLIGHT, isOwner } from "../../memory/owner.js";
import type { Segment } from "../../memory/segment.js";
import { dataBit, ringControlOffset, spaceBit } from "../../rings/pipe.layout.js";
import type { RingPlace, RingWriter } from "../../rings/record-ring.js";
import { HeldWakes } from "../../sync/held-wakes.js";
import { type Parker, parker } from "../../sync/parker.js";

/**
 * One end's view of the pipe's shared state: who holds the other end, whether they live, and whom to wake. The look
 * that every operation takes costs two atomic loads; the kernel is asked only when one of the two has changed.
 */
export class PipeLink {
  readonly parker: Parker = parker();
  private readonly peerWord: number;
  private readonly waitingWord: number;
  private readonly deathWord: number;
  /** The owner of the other end that was looked at and is watched. */
  private known = 0;
  private seenDeath: number;
  private gone = false;
  /** This end's time asleep, in microseconds, as the inspector shows it. */
  private readonly blocked: Float64Array;
  private armedAt = 0;
  private readonly held = new HeldWakes(
    this.parker,
    () => this.wakePeer(),
    () => this.parker.isAsleepInLoop(this.peerOwner),
  );

  constructor(
    readonly segment: Segment,
    readonly end: number,
  ) {
    this.peerWord = segment.entry(1 - end) + attachmentEntry.word.owner;
    this.waitingWord = segment.waiting;
    this.deathWord = segment.registry.lastDeathWord;
    this.seenDeath = segment.registry.words.load(this.deathWord);
    const at = segment.entry(end) * 4 + attachmentEntry.offset.blockedMicroseconds;
    this.blocked = new Float64Array(segment.control, at, 1);
  }

  place(ring: number): RingPlace {
    const { segment } = this;
    const capacity = segment.detail;
    return {
      words: segment.words,
      control: (segment.bodyOffset + ringControlOffset(ring)) / 4,
      bytes: new Bytes(new Uint8Array(segment.data as ArrayBuffer)),
      base: ring * 2 * capacity,
      capacity,
    };
  }

  /** Whether the other end is closed, or its holder dead. */
  get isPeerGone(): boolean {
    const peer = this.segment.words.load(this.peerWord);
    if (peer === this.known && this.segment.registry.words.load(this.deathWord) === this.seenDeath) return this.gone;
    return this.lookAtPeer();
  }

  /** Whether this very thread holds the other end, so that nobody else could end a blocking wait. */
  get isPeerHere(): boolean {
    return this.segment.words.load(this.peerWord) === this.segment.registry.self;
  }

  get peerOwner(): number {
    return this.segment.words.load(this.peerWord);
  }

  /** Asks the kernel whether the other end's holder lives, and has its death told from now on. */
  lookAtPeer(): boolean {
    const { segment } = this;
    const { registry } = segment;
    const death = registry.words.load(this.deathWord);
    const peer = segment.words.load(this.peerWord);
    if (peer === IN_FLIGHT) {
      this.gone = segment.linksInFlight() <= 0 && segment.words.load(this.peerWord) === IN_FLIGHT;
      this.seenDeath = death;
    } else if (isOwner(peer)) {
      if (peer !== this.known && peer !== registry.self) this.parker.peers.watch(peer);
      this.gone = !registry.isAlive(peer);
      if (this.gone || death !== peer) this.seenDeath = death;
    } else this.gone = true;
    this.known = peer;
    return this.gone;
  }

  peers(): readonly number[] {
    const peer = this.segment.words.load(this.peerWord);
    return isOwner(peer) ? [peer] : [];
  }

  /** Wakes the other end's holder if it waits for a message. */
  wakeReader(): void {
    if (this.segment.words.load(this.waitingWord) & dataBit(1 - this.end)) this.wakePeer(); // observes: waiting
  }

  /** The same, for a message of which more may follow at once: many of them are told together. */
  wakeReaderOfMany(ring: RingWriter): void {
    this.held.count();
    if (!(this.segment.words.load(this.waitingWord) & dataBit(1 - this.end))) return; // observes: waiting
    this.held.tell(ring.room < ring.capacity / 2);
  }

  /** Whether the other end's holder waits for room. */
  get isWriterWaiting(): boolean {
    return (this.segment.words.load(this.waitingWord) & spaceBit(1 - this.end)) !== 0;
  }

  wakePeer(): void {
    const peer = this.segment.words.load(this.peerWord);
    if (isOwner(peer)) this.parker.wake(peer);
  }

  /** Says that this end waits. */
  arm(forSpace: boolean): void {
    const { words } = this.segment;
    words.or(this.waitingWord, forSpace ? spaceBit(this.end) : dataBit(this.end)); // publishes: waiting
    words.store(this.segment.entry(this.end) + attachmentEntry.word.waitsFor, forSpace ? WAITS.space : WAITS.data);
    this.armedAt = now();
  }

  disarm(forSpace: boolean): void {
    const { words } = this.segment;
    words.and(this.waitingWord, ~(forSpace ? spaceBit(this.end) : dataBit(this.end)));
    words.store(this.segment.entry(this.end) + attachmentEntry.word.waitsFor, WAITS.nothing);
    words.add(this.segment.entry(this.end) + attachmentEntry.word.sleeps, 1);
    this.blocked[0] += (now() - this.armedAt) * 1000;
  }

  /** Writes this end's entry: closed, in flight, or this thread's again. */
  setOwn(word: typeof CLOSED | typeof IN_FLIGHT | number): void {
    this.segment.words.store(this.segment.entry(this.end) + attachmentEntry.word.owner, word);
  }
}
