import { checkFloors, type Demand, type Floor } from "./floors.js";
import type { Measured } from "./measure.js";
import { payloads } from "./payload.js";
import { speed } from "./pipe-floors.js";
import { type SocketQuestion, socketPayloads } from "./socket-question.js";

type SocketDemand = Omit<Demand<SocketQuestion>, "concerns"> & Pick<SocketQuestion, "measure" | "payload">;

const smallFrames: readonly SocketDemand[] = (["bytes-64", "object"] as const).flatMap((payload) => [
  {
    floor: `${payloads[payload].label}, batches: within 10 % of node:net that batches as we do`,
    wanted: 0.9,
    measure: "one-way",
    payload,
    modes: ["batch"],
    peer: "node:net",
    peerModes: payload === "object" ? ["batch"] : ["batch, copies"],
  },
  {
    floor: `${payloads[payload].label}, one by one: within 10 % of node:net that waits for each as we do`,
    wanted: 0.9,
    measure: "one-way",
    payload,
    modes: ["await"],
    peer: "node:net",
    peerModes: ["each"],
  },
]);

const demands: readonly SocketDemand[] = [
  ...smallFrames,
  ...socketPayloads.map((payload): SocketDemand => {
    return {
      floor: `round trip, ${payloads[payload].label}: no slower than Python with Python`,
      wanted: 1,
      measure: "round-trip",
      payload,
      modes: ["await"],
      peer: "Python Client",
    };
  }),
];

/** States every floor over unix sockets and over TCP with the ratio of this run. */
export function socketFloors(measured: readonly Measured<SocketQuestion>[]): Floor[] {
  return (["unix", "tcp"] as const).flatMap((transport) => {
    const here = measured.filter(({ question }) => question.transport === transport);
    const withCells = demands.map(({ measure, payload, floor, ...demand }): Demand<SocketQuestion> => {
      return {
        ...demand,
        floor: `${transport}, ${floor}`,
        concerns: (question) => question.measure === measure && question.payload === payload,
      };
    });
    return checkFloors(withCells, here, speed);
  });
}
