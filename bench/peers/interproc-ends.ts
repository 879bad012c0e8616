import type { AsyncConnection } from "interproc";
import type { PipeQuestion } from "../answer.js";
import { byteLength, bytesMessages, type Reading, reading } from "../payload.js";
import { type Figures, measureOneWay, measureRoundTrips } from "../rounds.js";
import { checkTally, Tally, type TallyCount } from "../tally.js";
import { bytesModes, intoModes, type Mode, objectModes, type Wire } from "./interproc-modes.js";

/*
 * The two ends of a measurement of ours. The measured messages go through a connection of their own; a second one carries
 * the length of each round and the acknowledgement, so that the first carries nothing else.
 */
type Asked = Pick<PipeQuestion, "measure" | "payload" | "mode" | "seconds">;

/** The measuring end: sends, or sends and waits for the answer, as the question says. */
export async function driveEnd(
  question: Asked,
  wire: Wire,
  control: AsyncConnection<number, TallyCount>,
): Promise<Figures> {
  const { payload, measure, seconds } = question;
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
  return measure === "one-way" ? measureOneWay(seconds, round) : measureRoundTrips(seconds, trips);
}

/** The other end: receives or echoes as many messages as it is told, until the control connection ends. */
export async function answeringEnd(
  question: Asked,
  wire: Wire,
  control: AsyncConnection<TallyCount, number>,
): Promise<void> {
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
}

function modeOf({ payload, mode: name }: Asked): Mode<never> {
  const modes =
    payload === "object"
      ? objectModes
      : payload === "into-1m"
        ? intoModes(new Uint8Array(byteLength(payload)))
        : bytesModes;
  const mode = modes[name];
  if (mode === undefined) throw new Error(`no mode "${name}" for payload "${payload}"`);
  return mode as Mode<never>;
}

function adder({ payload }: Asked, tally: Tally): (message: never) => void {
  return payload === "object"
    ? (message: Reading) => tally.object(message)
    : (message: Uint8Array) => tally.bytes(message);
}
