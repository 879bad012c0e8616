/** What the programs of the broker benchmark are asked. */
export interface BrokerQuestion {
  measure: BrokerMeasure;
  backend: Backend;
  payload: BrokerPayload;
  /** How many processes consume; 0 where only puts count. */
  consumers: 0 | (typeof consumerCounts)[number];
  mode: string;
  /** How long the measured part should last. */
  seconds: number;
}

/** What is measured, in the order of the tables. */
export const brokerMeasures = {
  puts: "confirmed puts, one at a time",
  pipelined: "confirmed puts, many under way",
  consume: "consumed with acknowledgement",
} as const;

export type BrokerMeasure = keyof typeof brokerMeasures;

/** Where the messages are kept, and by which variable the programs are told where that is. */
export const backends = {
  rabbitmq: { label: "RabbitMQ", variable: "INTERPROC_BENCH_AMQP" },
  activemq: { label: "ActiveMQ", variable: "INTERPROC_BENCH_ACTIVEMQ" },
  nats: { label: "NATS JetStream", variable: "INTERPROC_BENCH_NATS" },
  redis: { label: "Redis", variable: "INTERPROC_BENCH_REDIS" },
  file: { label: "a file", variable: undefined },
} as const;

export type Backend = keyof typeof backends;

export const brokerPayloads = {
  "bytes-64": { label: "64 B", bytes: 64 },
  "bytes-16k": { label: "16 KiB", bytes: 16 * 1024 },
} as const;

export type BrokerPayload = keyof typeof brokerPayloads;

export const consumerCounts = [1, 4] as const;

/** So many puts are under way at once, or in one batch; and so many messages are taken ahead by each consumer. */
export const underWay = 256;
