import { bareDrivers, brokerModes, type PeerQuestion } from "./broker-cells.js";
import { type Backend, type BrokerPayload, backends, brokerPayloads, consumerCounts } from "./broker-question.js";
import { checkFloors, type Demand, type Floor } from "./floors.js";
import type { Measured } from "./measure.js";
import { speed } from "./pipe-floors.js";

const { await: each, underWay: many, batch, acks, blocking } = brokerModes;
const payloads = Object.keys(brokerPayloads) as BrokerPayload[];
const servers = (Object.keys(backends) as Backend[]).filter((backend) => backend !== "file");

const besideDrivers = servers.flatMap((backend) =>
  payloads.flatMap((payload): Demand<PeerQuestion>[] => {
    const { label } = backends[backend];
    const of = `80 % of ${bareDrivers[backend]}`;
    return [
      {
        floor: `${label}, ${brokerPayloads[payload].label}, puts under way: ${of}`,
        wanted: 0.8,
        concerns: (one) => one.backend === backend && one.measure === "pipelined" && one.payload === payload,
        modes: [many],
        peer: bareDrivers[backend],
      },
      ...consumerCounts.map((consumers): Demand<PeerQuestion> => {
        return {
          floor: `${label}, ${brokerPayloads[payload].label}, consumed by ${consumers}, acks under way: ${of}`,
          wanted: 0.8,
          concerns: (one) =>
            one.backend === backend &&
            one.measure === "consume" &&
            one.payload === payload &&
            one.consumers === consumers,
          modes: [acks],
          peer: bareDrivers[backend],
          peerModes: [acks],
        };
      }),
    ];
  }),
);

const besidePika = payloads.map((payload): Demand<PeerQuestion> => {
  return {
    floor: `RabbitMQ, ${brokerPayloads[payload].label}, puts under way: 5 x pika's confirmed puts`,
    wanted: 5,
    concerns: (one) => one.backend === "rabbitmq" && one.measure === "pipelined" && one.payload === payload,
    modes: [many],
    peer: "pika",
    peerModes: [blocking],
  };
});

const ofTheDisk = payloads.flatMap((payload): Demand<PeerQuestion>[] =>
  (["puts", "pipelined"] as const).map((measure) => {
    const what = measure === "puts" ? "one put a sync" : "puts under way, one sync for all";
    return {
      floor: `file:, ${brokerPayloads[payload].label}, ${what}: 80 % of a bare append with fdatasync`,
      wanted: 0.8,
      concerns: (one) => one.backend === "file" && one.measure === measure && one.payload === payload,
      modes: measure === "puts" ? [each] : [many, batch],
      peer: bareDrivers.file,
    };
  }),
);

/** States every floor with the ratio of this run. */
export function brokerFloors(measured: readonly Measured<PeerQuestion>[]): Floor[] {
  return checkFloors([...besideDrivers, ...besidePika, ...ofTheDisk], measured, speed);
}
