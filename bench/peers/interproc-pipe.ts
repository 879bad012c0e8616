import { type Connection, isMain, pipe, spawn, task } from "interproc";
import { answer, type PipeQuestion } from "../answer.js";
import { byteLength, bytesMessages, type Reading, reading } from "../payload.js";
import { largeRing } from "../pipe-cells.js";
import { type Figures, measureOneWay, measureRoundTrips } from "../rounds.js";
import { checkTally, Tally, type TallyCount } from "../tally.js";
import { bytesModes, intoModes, type Mode, objectModes, type Wire } from "./interproc-modes.js";

/*
 * Ours. The measured messages go through a pipe of their own; a second one carries the length of each round and the
 * acknowledgement, so that the first carries nothing else.
 */
type Control<Out, In> = Connection<Out, In>;

/** The other process: receives or echoes as many messages as it is told, until the control pipe ends. */
export const partner = task(
  import.meta,
  async function partner(wire: Wire, control: Control<TallyCount, number>, question: PipeQuestion) {
    const { payload, measure } = question;
    const tally = new Tally(payload);
    for await (const count of control) {
      if (measure === "round-trip") {
        await modeOf(question).echo?.(wire, count);
      } else {
        await modeOf(question).receive(wire, adder(question, tally), count);
        await control.send(tally.take());
      }
    }
  },
);

if (isMain(import.meta)) answer(drive);

async function drive(question: PipeQuestion): Promise<Figures> {
  const { payload, measure, seconds } = question;
  const [wire, theirWire] = pipe<unknown, unknown>(question.mode.endsWith(largeRing) ? { capacity: 2 ** 20 } : {});
  const [control, theirControl] = pipe<number, TallyCount>();
  const child = spawn(partner, [theirWire, theirControl, question]);
  const mode = modeOf(question);
  const message: (index: number) => unknown = payload === "object" ? reading : bytesMessages(payload);
  const send = mode.send as Mode<unknown>["send"];
  const trip = mode.trip as Mode<unknown>["trip"];

  const round = async (count: number): Promise<number> => {
    await control.send(count);
    const start = performance.now();
    await send(wire, message, count);
    const seen = await control.recv();
    const took = (performance.now() - start) / 1000;
    checkTally(payload, count, seen);
    return took;
  };
  const tally = new Tally(payload);
  const add = adder(question, tally) as (message: unknown) => void;
  const trips = async (micros: Float64Array): Promise<void> => {
    if (trip === undefined) throw new Error(`mode "${question.mode}" makes no round trips`);
    await control.send(micros.length);
    for (let i = 0; i < micros.length; i++) {
      const start = performance.now();
      const pending = trip(wire, message(i));
      const reply = pending instanceof Promise ? await pending : pending;
      micros[i] = (performance.now() - start) * 1000;
      add(reply);
    }
    checkTally(payload, micros.length, tally.take());
  };

  const figures = measure === "one-way" ? await measureOneWay(seconds, round) : await measureRoundTrips(seconds, trips);
  control.close();
  wire.close();
  await child.join();
  return figures;
}

function modeOf({ payload, mode: name }: PipeQuestion): Mode<never> {
  const modes =
    payload === "object"
      ? objectModes
      : payload === "into-1m"
        ? intoModes(new Uint8Array(byteLength(payload)))
        : bytesModes;
  const mode = modes[name.replace(largeRing, "")];
  if (mode === undefined) throw new Error(`interproc-pipe: no mode "${name}" for payload "${payload}"`);
  return mode as Mode<never>;
}

function adder({ payload }: PipeQuestion, tally: Tally): (message: never) => void {
  return payload === "object"
    ? (message: Reading) => tally.object(message)
    : (message: Uint8Array) => tally.bytes(message);
}
