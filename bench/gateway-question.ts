/** What the programs of the gateway benchmark are asked. */
export interface GatewayQuestion {
  measure: GatewayMeasure;
  /** How many connections ask at once, each one request after the other. */
  mode: `${number} connections`;
  seconds: number;
}

export const gatewayMeasures = {
  jobs: "a job of 64 B put by POST, then taken by GET with ack=auto",
  value: "a number read by GET",
  add: "a number added to by POST",
  publish: "64 B published by POST, to nobody",
} as const;

export type GatewayMeasure = keyof typeof gatewayMeasures;

/** A request as it is sent again and again. */
export interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

const job = JSON.stringify({ id: 17, name: "sensor-1", ok: false, text: "x".repeat(20) });

/** What each measure asks, in turns. */
export const gatewayRequests: Readonly<Record<GatewayMeasure, readonly Asked[]>> = {
  jobs: [
    { method: "POST", path: "/queues/bench-jobs", body: job },
    { method: "GET", path: "/queues/bench-jobs?ack=auto" },
  ],
  value: [{ method: "GET", path: "/values/bench-value" }],
  add: [{ method: "POST", path: "/values/bench-value", body: '{"add":1}' }],
  publish: [{ method: "POST", path: "/topics/bench-news", body: job }],
};
