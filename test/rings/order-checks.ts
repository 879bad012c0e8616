import assert from "node:assert/strict";
import { AccessGate } from "./access-gate.js";
import { Mail } from "./mail.js";
import { ReceivingParty } from "./receiving-party.js";
import type { RingClasses } from "./ring-classes.js";
import { CAPACITY, type RingMemory } from "./ring-memory.js";
import { SendingParty } from "./sending-party.js";

/** What a party does to shared memory, in the order in which it does it; words by name, bytes from the first position on. */
function diary(memory: RingMemory): { gate: AccessGate; lines: string[] } {
  const lines: string[] = [];
  const from = memory.tail;
  const gate = new AccessGate((access, at, extent) => {
    const word = at === memory.tailWord ? "tail" : at === memory.headWord ? "head" : `word ${at}`;
    if (access === "load") lines.push(`load ${word}`);
    else if (access === "store") lines.push(`store ${word} ${(extent - from) | 0}`);
    else lines.push(`${access} ${(at - memory.base - from) & (CAPACITY - 1)}+${extent}`);
  });
  return { gate, lines };
}

/** A record of 40 bytes, and one in pieces: record, then tail; tail, then record; reads, then head; head, then writes. */
export function checkOrder(rings: RingClasses, memory: RingMemory, position: number): void {
  const mail = new Mail();
  memory.restart(position);
  const writers = diary(memory);
  const readers = diary(memory);
  const sender = new SendingParty(rings, memory, mail, writers.gate);
  const reader = new ReceivingParty(rings, memory, mail, readers.gate);
  assert.deepEqual(writers.lines.splice(0), ["load tail", "load head"]);
  assert.deepEqual(readers.lines.splice(0), ["load head"]);

  sender.send(40);
  assert.deepEqual(writers.lines.splice(0), ["write 8+20", "write 28+20", "write 0+4", "write 4+4", "store tail 48"]);
  reader.take();
  assert.deepEqual(readers.lines.splice(0), [
    "load tail",
    "read 0+4",
    "read 4+4",
    "read 8+20",
    "read 28+20",
    "store head 48",
  ]);

  // the first piece holds the message's length and all but 10 bytes
  const most = CAPACITY / 4 - 16;
  sender.send(most + 10);
  assert.deepEqual(writers.lines.splice(0), [
    "write 56+4",
    "write 60+4",
    `write 64+${most / 2}`,
    `write ${64 + most / 2}+${most / 2}`,
    "write 48+4",
    "write 52+4",
    `store tail ${64 + most}`,
    `write ${72 + most}+5`,
    `write ${77 + most}+5`,
    `write ${64 + most}+4`,
    `write ${68 + most}+4`,
    `store tail ${88 + most}`,
  ]);
  reader.take();
  const later = readers.lines.splice(0);
  const heads = later.filter((line) => line.startsWith("store"));
  assert.deepEqual([...new Set(heads)], [`store head ${64 + most}`, `store head ${88 + most}`]);
  assert.ok(later.indexOf(`read ${64 + most / 2}+${most / 2}`) < later.indexOf(heads[0]), "piece, then head");
  assert.ok(later.indexOf(heads[0]) < later.indexOf(`read ${64 + most}+4`), "one piece is given back before the next");
  assert.ok(later.indexOf(`read ${77 + most}+5`) < later.indexOf(heads[1]), "last piece, then head");

  // the ring is filled: without room the writer looks at the head, and only then writes where the reader was
  while (sender.send(CAPACITY / 4 - 8));
  writers.lines.length = 0;
  reader.take();
  assert.ok(sender.goOn(), "room for the message that waited");
  assert.equal(writers.lines[0], "load head");
  assert.match(writers.lines[1], /^write /);
}
