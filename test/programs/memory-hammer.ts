// One of two that hand a ball over and over, none of whose waits looks again by itself: a wake-up that gets lost hangs.
// memory-hammer NAME SIDE call|loop ROUNDS SEED
import { parentPort } from "node:worker_threads";
import { now } from "#src/deadline.js";
import { join, leave } from "#src/memory/attachments.js";
import { openSegment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { parker } from "#src/sync/parker.js";
import { SeededRandom } from "../rings/seeded-random.js";
import { withoutRechecks } from "../sync/without-rechecks.js";
import { inLoop, setWord, WordWait } from "../sync/word-wait.js";

const [name, side, form, rounds, seed] = process.argv.slice(2);
const random = new SeededRandom(Number(seed) + Number(side));
const segment = openSegment(registry(), `${registry().directory}/${name}`, "value", name);
const index = join(segment);
withoutRechecks();

function dawdle(): void {
  const microseconds = random.pick([0, 0, 0, 0, 0, 1, 3, 10, 20, 25, 60, 120]);
  if (microseconds === 0) return;
  const end = now() + microseconds / 1000;
  while (now() < end);
}

for (let round = Number(side); round < Number(rounds); round += 2) {
  const isMine = (ball: number): boolean => ball === round;
  if (form === "loop") await inLoop(segment, index, 0, isMine);
  else parker().waitSync([new WordWait(segment, index, 0, isMine)], Number.POSITIVE_INFINITY);
  dawdle();
  setWord(segment, 0, round + 1);
}
leave(segment, index);
parentPort?.close();
