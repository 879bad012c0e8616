import { checkFloors, type Demand, type Floor } from "./floors.js";
import type { Measured } from "./measure.js";
import { singleModes } from "./queue-cells.js";
import { type QueuePayload, type QueueQuestion, queuePayloads, type Shape, shapes } from "./queue-letters.js";

const python = { modes: singleModes, peer: "Python Queue" } as const;

const demands: readonly Demand<QueueQuestion>[] = [
  {
    floor: "small objects, 1-1: 5 x Python's Queue",
    wanted: 5,
    concerns: ({ payload, shape }) => payload === "object" && shape === "1-1",
    ...python,
  },
  ...(Object.keys(queuePayloads) as QueuePayload[]).flatMap((payload) =>
    (Object.keys(shapes) as Shape[]).map((shape): Demand<QueueQuestion> => {
      return {
        floor: `${queuePayloads[payload].label}, ${shape}: never below Python's Queue`,
        wanted: 1,
        concerns: (question) => question.payload === payload && question.shape === shape,
        ...python,
      };
    }),
  ),
];

/** States every floor with the ratio of this run. */
export function queueFloors(measured: readonly Measured<QueueQuestion>[]): Floor[] {
  return checkFloors(demands, measured, messagesPerSecond);
}

export function messagesPerSecond({ median }: Measured<QueueQuestion>): number {
  return median?.messagesPerSecond ?? Number.NaN;
}
