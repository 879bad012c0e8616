import { answer, type PipeQuestion } from "../answer.js";
import { byteLength, bytesMessages } from "../payload.js";
import { measureOneWay } from "../rounds.js";
import { checkTally, Tally } from "../tally.js";

/*
 * No peer but a floor under all of them: one copy of each message within one process. "from cache" copies the same
 * block to the same place again and again, so that both stay in the core's own cache; "from memory" goes through 256 MiB
 * on either side, more than any cache holds. Data that crosses from one core to another lies between the two.
 */
const memoryBytes = 256 * 1024 * 1024;

answer<PipeQuestion>(({ payload, mode, seconds }) => {
  const size = byteLength(payload);
  const message = bytesMessages(payload);
  const blocks = mode === "from memory" ? memoryBytes / size : 1;
  const [from, to] = [new Uint8Array(blocks * size), new Uint8Array(blocks * size)];
  // A multiple of 64 blocks: the marked message of the tally stands at the same places in every turn.
  for (let i = 0; i < blocks; i++) from.set(message(i), i * size);
  // Touched once: the first write to a fresh page costs the kernel more than the copy.
  to.fill(0xff);
  const tally = new Tally(payload);
  return measureOneWay(seconds, async (count) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      const at = (i % blocks) * size;
      const target = to.subarray(at, at + size);
      target.set(blocks === 1 ? message(i) : from.subarray(at, at + size));
      tally.bytes(target);
    }
    const took = (performance.now() - start) / 1000;
    checkTally(payload, count, tally.take());
    return took;
  });
});
