import assert from "node:assert/strict";
import { ProtocolError } from "#src/errors.js";
import { FIRST } from "#src/rings/record-ring.layout.js";
import { AccessGate, Killed } from "./access-gate.js";
import { inContext } from "./in-context.js";
import { Mail } from "./mail.js";
import { readersOwn, writersOwn } from "./ownership.js";
import { ReceivingParty } from "./receiving-party.js";
import type { RingClasses } from "./ring-classes.js";
import { CAPACITY, type RingMemory } from "./ring-memory.js";
import { SendingParty } from "./sending-party.js";
import { type StartState, startStates } from "./start-states.js";

interface Script {
  /** The messages that the writer sends: whole records, messages in pieces, one that is longer than the ring. */
  readonly lengths: readonly number[];
  /** They are published, or given back, together. */
  readonly together: boolean;
}

const scripts: readonly Script[] = [
  { lengths: [0, 5, 200], together: false },
  { lengths: [1016, 1017, 8], together: false },
  { lengths: [3000, 7], together: false },
  { lengths: [2 * CAPACITY + 9, 30], together: false },
  { lengths: [5, 0, 900, 200, 700], together: true },
];

/** What the next holder of the writing end sends: a whole record or a first piece must void what was left. */
const sequels: readonly (readonly number[])[] = [[300], [2500, 10], []];

/** Who reads after the writer was killed. */
const successions = ["the reader goes on", "the reader hands over", "a fresh reader comes"] as const;
type Succession = (typeof successions)[number];

/** What a run that may end with a kill has left. */
interface Run {
  readonly mail: Mail;
  /** Numbers of the messages that lay in the ring before and that the script sends, in this order. */
  readonly sent: readonly number[];
  readonly sender: SendingParty | undefined;
  readonly reader: ReceivingParty | undefined;
  /** The reader has taken something, if only pieces. */
  readonly hasRead: boolean;
  /** How many accesses the party that may be killed has made. */
  readonly accesses: number;
}

/** A writer is killed before each of its accesses. Gives the number of kills. */
export function checkWriterKills(rings: RingClasses, memory: RingMemory, states = startStates): number {
  let kills = 0;
  for (const state of states)
    for (const script of scripts) {
      const { accesses, mail } = runWriter(rings, memory, state, script, 0);
      for (let killAt = 1; killAt <= accesses; killAt++)
        for (const succession of successions)
          for (const sequel of sequels) {
            const where = (): string =>
              `${state.title}, ${JSON.stringify(script)}, writer killed before access ${killAt}; ${succession}, then come ${sequel}`;
            inContext(where, () => {
              const run = runWriter(rings, memory, state, script, killAt);
              if (succession === "a fresh reader comes" && run.hasRead) return;
              const committed = run.sent.filter((number) => ((mail.ends[number] - memory.tail) | 0) <= 0);
              goOnWriting(rings, memory, run, committed, succession, sequel);
              kills++;
            });
          }
    }
  return kills;
}

function runWriter(rings: RingClasses, memory: RingMemory, state: StartState, script: Script, killAt: number): Run {
  const mail = new Mail();
  const before = state.enter(rings, memory, mail);
  const reader = receiver(rings, memory, mail);
  const gate = new AccessGate(writersOwn(memory));
  gate.killAt = killAt;
  let hasRead = false;
  // all are numbered now, whether or not the writer lives to send them
  const letters = script.lengths.map((length) => mail.compose(length));
  let sender: SendingParty | undefined;
  try {
    sender = new SendingParty(rings, memory, mail, gate);
    const unsent = [...letters];
    for (;;) {
      if (script.together) unsent.splice(0, sender.sendTogether(unsent));
      else sender.sendLetters(unsent.splice(0));
      if (unsent.length === 0 && sender.unsent === 0) break;
      const { head } = memory;
      reader.drain();
      hasRead = true;
      assert.notEqual(memory.head, head, "the writer finds no room, and the reader nothing to read");
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  const sent = [...before, ...letters.map(({ number }) => number)];
  return { mail, sent, sender, reader, hasRead, accesses: gate.count };
}

/** After the kill: exactly the committed messages come, then what the next writer sends. */
function goOnWriting(
  rings: RingClasses,
  memory: RingMemory,
  { mail, reader, hasRead }: Run,
  committed: readonly number[],
  succession: Succession,
  sequel: readonly number[],
): void {
  const former = reader as ReceivingParty;
  let heir = former;
  if (succession !== "the reader goes on") heir = receiver(rings, memory, mail, hasRead ? former : undefined);
  const all = (): number[] => (heir === former ? former.received : [...former.received, ...heir.received]);
  heir.drain();
  assert.deepEqual(all(), committed, "messages that were committed before the kill");

  const next = new SendingParty(rings, memory, mail, new AccessGate(writersOwn(memory)));
  const letters = sequel.map((length) => mail.compose(length));
  let isSent = next.sendLetters(letters);
  heir.drain();
  for (let rounds = 0; !isSent; rounds++) {
    assert.ok(rounds < 100, "the next writer finds no room");
    isSent = next.goOn();
    heir.drain();
  }
  assert.deepEqual(all(), [...committed, ...letters.map(({ number }) => number)], "messages of both writers");
  if (sequel.length > 0) assert.equal(heir.reader.nextLength, -1, "length of a message that is void");
}

/** A reader is killed before each of its accesses. Gives the number of kills. */
export function checkReaderKills(rings: RingClasses, memory: RingMemory, states = startStates): number {
  let kills = 0;
  for (const state of states)
    for (const script of scripts) {
      const whole = runReader(rings, memory, state, script, 0);
      assert.deepEqual(whole.reader?.received, whole.sent, `${state.title}, ${JSON.stringify(script)}, without a kill`);
      for (let killAt = 1; killAt <= whole.accesses; killAt++, kills++) {
        const where = (): string => `${state.title}, ${JSON.stringify(script)}, reader killed before access ${killAt}`;
        inContext(where, () => {
          const run = runReader(rings, memory, state, script, killAt);
          const finished = run.sent.filter((number) => ((whole.mail.ends[number] - memory.head) | 0) <= 0).length;
          goOnReading(rings, memory, run, finished, script.together ? 3 : 1);
        });
      }
    }
  return kills;
}

function runReader(rings: RingClasses, memory: RingMemory, state: StartState, script: Script, killAt: number): Run {
  const mail = new Mail();
  const before = state.enter(rings, memory, mail);
  const gate = new AccessGate(readersOwn(memory));
  gate.killAt = killAt;
  const sender = new SendingParty(rings, memory, mail, new AccessGate(writersOwn(memory)));
  const letters = script.lengths.map((length) => mail.compose(length));
  const sent = [...before, ...letters.map(({ number }) => number)];
  let reader: ReceivingParty | undefined;
  try {
    sender.sendLetters(letters);
    reader = new ReceivingParty(rings, memory, mail, gate);
    for (let rounds = 0; reader.received.length < sent.length; rounds++) {
      assert.ok(rounds < 100, "the reader finds nothing more to read");
      sender.goOn();
      if (script.together) reader.takeTogether(3);
      else reader.take();
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  return { mail, sent, sender, reader, hasRead: true, accesses: gate.count };
}

/**
 * After the kill a fresh reader sees every message whose place was not given back, at most `most` of them again. Only a
 * message in pieces of which the dead one had already given some back is gone with it: that is told, and what is left of
 * it is never shown as if it were whole.
 */
function goOnReading(rings: RingClasses, memory: RingMemory, run: Run, finished: number, most: number): void {
  const { mail, sent, sender, reader } = run;
  const taken = reader?.received ?? [];
  assert.deepEqual(taken, sent.slice(0, taken.length), "messages that the killed reader has taken");
  const again = taken.length - finished;
  assert.ok(again >= 0, `the place of ${finished} messages was given back, and only ${taken.length} were read`);
  assert.ok(again <= most, `${again} messages come again; at most ${most}`);

  const heir = receiver(rings, memory, mail);
  sender?.goOn();
  if (beginsWithinMessage(memory)) {
    assert.throws(() => heir.drain(), ProtocolError);
    assert.deepEqual(heir.received, []);
    return;
  }
  for (let rounds = 0; heir.received.length < sent.length - finished; rounds++) {
    assert.ok(rounds < 100, `after ${heir.received} the fresh reader finds nothing more to read`);
    heir.drain();
    sender?.goOn();
  }
  assert.deepEqual(heir.received, sent.slice(finished), "messages that the fresh reader sees");
}

/** Whether the oldest record in the ring is a later piece of a message. */
function beginsWithinMessage(memory: RingMemory): boolean {
  if (memory.used === 0) return false;
  const { bytes, base } = memory.place();
  return (bytes.word(base + (memory.head & (CAPACITY - 1)) + 4) & FIRST) === 0;
}

function receiver(rings: RingClasses, memory: RingMemory, mail: Mail, former?: ReceivingParty): ReceivingParty {
  return new ReceivingParty(rings, memory, mail, new AccessGate(readersOwn(memory)), former);
}
