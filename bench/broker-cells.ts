import {
  type Backend,
  type BrokerMeasure,
  type BrokerPayload,
  type BrokerQuestion,
  backends,
  brokerMeasures,
  brokerPayloads,
  consumerCounts,
  underWay,
} from "./broker-question.js";
import { ours } from "./floors.js";
import type { Cell } from "./measure.js";

type Modes = Readonly<Record<BrokerMeasure, readonly string[]>>;

interface Peer {
  name: string;
  program: string;
  modes: Modes;
}

/** Names of modes, for the programs and for the floors. */
export const brokerModes = {
  await: "await each",
  underWay: `${underWay} under way`,
  batch: `${underWay} in one call`,
  acks: "acks under way",
  blocking: "BlockingConnection",
  select: `SelectConnection, ${underWay} under way`,
} as const;

const { await: each, underWay: many, batch, acks, blocking, select } = brokerModes;

const plain: Modes = { puts: [each], pipelined: [many], consume: [each, acks] };
const own: Peer = { name: ours, program: "broker", modes: { ...plain, pipelined: [many, batch] } };
const withBatches: Modes = { ...plain, pipelined: [many, batch] };

/** The driver that ours is made of, which is also the first peer of each backend; the file's is the bare system call. */
export const bareDrivers: Readonly<Record<Backend, string>> = {
  rabbitmq: "amqplib",
  activemq: "@stomp/stompjs",
  nats: "@nats-io/jetstream",
  redis: "@redis/client",
  file: "append, fdatasync",
};

const others: Readonly<Record<Backend, readonly Peer[]>> = {
  rabbitmq: [
    {
      name: "pika",
      program: "pika_broker.py",
      modes: { puts: [blocking], pipelined: [blocking, select], consume: [blocking] },
    },
  ],
  activemq: [],
  nats: [],
  redis: [{ name: "BullMQ", program: "broker", modes: withBatches }],
  file: [
    { name: "SQLite", program: "sqlite-broker", modes: { puts: [each], pipelined: [batch], consume: [each] } },
    { name: "lmdb", program: "broker", modes: { ...plain, consume: [each] } },
  ],
};

function peersOf(backend: Backend): readonly Peer[] {
  const modes = backend === "file" ? { puts: [each], pipelined: [batch], consume: [] } : plain;
  return [own, { name: bareDrivers[backend], program: "broker", modes }, ...others[backend]];
}

/** What a program of `bench/peers` is asked: which of the peers it is to be, too. */
export type PeerQuestion = BrokerQuestion & { readonly as: string };

/** All cells of the broker benchmark, in the order of its tables: what is compared is measured close together. */
export function brokerCells(seconds: number, there: readonly Backend[]): Cell<PeerQuestion>[] {
  return there.flatMap((backend) =>
    (Object.keys(brokerMeasures) as BrokerMeasure[]).flatMap((measure) =>
      (Object.keys(brokerPayloads) as BrokerPayload[]).flatMap((payload) =>
        (measure === "consume" ? consumerCounts : ([0] as const)).flatMap((consumers) =>
          peersOf(backend).flatMap(({ name, program, modes }) =>
            modes[measure].map((mode): Cell<PeerQuestion> => {
              return {
                peer: name,
                program,
                question: { as: name, measure, backend, payload, consumers, mode, seconds },
              };
            }),
          ),
        ),
      ),
    ),
  );
}

/** All backends, in the order of the tables. */
export const allBackends = Object.keys(backends) as Backend[];
