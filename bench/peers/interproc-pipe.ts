import { type Connection, isMain, pipe, spawn, task } from "interproc";
import { answer, type PipeQuestion } from "../answer.js";
import { largeRing } from "../pipe-cells.js";
import type { Figures } from "../rounds.js";
import type { TallyCount } from "../tally.js";
import { answeringEnd, driveEnd } from "./interproc-ends.js";
import type { Wire } from "./interproc-modes.js";

/* Ours, through pipes in shared memory. */

/** The other process. */
export const partner = task(
  import.meta,
  function partner(wire: Wire, control: Connection<TallyCount, number>, question: PipeQuestion) {
    return answeringEnd(question, wire, control);
  },
);

if (isMain(import.meta)) answer(drive);

async function drive(asked: PipeQuestion): Promise<Figures> {
  const question = { ...asked, mode: asked.mode.replace(largeRing, "") };
  const isLarge = asked.mode.endsWith(largeRing);
  const [wire, theirWire] = pipe<unknown, unknown>(isLarge ? { capacity: 2 ** 20 } : {});
  const [control, theirControl] = pipe<number, TallyCount>();
  const child = spawn(partner, [theirWire, theirControl, question]);
  const figures = await driveEnd(question, wire, control);
  control.close();
  wire.close();
  await child.join();
  return figures;
}
