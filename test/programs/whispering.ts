// Moves messages in shared memory and wakes nobody, as one does who is killed between the two.
import { type Connection, task } from "interproc";
import { mappedPipes } from "#src/primitives/pipe/pipe-holding.js";
import { PipeLink } from "#src/primitives/pipe/pipe-link.js";
import { MessageReader } from "#src/rings/message-reader.js";
import { MessageWriter } from "#src/rings/message-writer.js";
import { FORMATS } from "#src/rings/record-ring.layout.js";
import { ASLEEP_IN_CALL, ASLEEP_IN_LOOP } from "#src/sync/parker.layout.js";

/** Tells the pipe that the task was given from its control pipe. */
export const WHISPER_CAPACITY = 8192;

function linkOfGiven(): PipeLink {
  const segment = [...mappedPipes.values()].find((one) => one.detail === WHISPER_CAPACITY);
  if (!segment) throw new Error("the pipe is not there");
  return new PipeLink(segment, 1);
}

/** Resolves once the other end's thread sleeps. */
async function peerSleeps({ segment, peerOwner }: PipeLink): Promise<void> {
  const { registry } = segment;
  const state = (): number => registry.words.load(registry.parkerOf(peerOwner));
  while (state() !== ASLEEP_IN_CALL && state() !== ASLEEP_IN_LOOP)
    await new Promise((resolve) => setTimeout(resolve, 1));
}

export const whispering = task(import.meta, async function whispering(given: Connection, until: Connection) {
  const link = linkOfGiven();
  await peerSleeps(link);
  new MessageWriter(link.place(1)).push({
    bytes: new Uint8Array([1, 2, 3]),
    flags: FORMATS.bytes,
    written: 0,
    begun: false,
  });
  await until.recv().catch(() => given.close());
});

export const gulping = task(import.meta, async function gulping(given: Connection, until: Connection) {
  const link = linkOfGiven();
  await peerSleeps(link);
  const reader = new MessageReader(link.place(0), 2 ** 20);
  while (reader.next()) reader.finish();
  await until.recv().catch(() => given.close());
});
