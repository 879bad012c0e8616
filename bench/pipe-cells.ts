import type { PipeQuestion } from "./answer.js";
import { ours } from "./floors.js";
import type { Cell } from "./measure.js";
import { type PayloadName, payloads } from "./payload.js";

export type PipeCell = Cell<PipeQuestion>;

/** What is sent through pipes, in the order of the tables. */
export const pipePayloads: readonly PayloadName[] = (Object.keys(payloads) as PayloadName[]).filter(
  (name) => name !== "bytes-16k",
);

/** Ends the name of a mode of ours whose pipe has a ring of 1 MiB instead of 64 KiB. */
export const largeRing = ", 1 MiB ring";

interface Peer {
  name: string;
  program: string;
  oneWay(payload: PayloadName): readonly string[];
  roundTrip(payload: PayloadName): readonly string[];
}

const small: readonly PayloadName[] = ["bytes-64", "object"];
const into: PayloadName = "into-1m";

/** `modes` for every payload that is received into fresh memory. */
const fresh =
  (...modes: string[]) =>
  (payload: PayloadName): readonly string[] =>
    payload === into ? [] : modes;

/** Every peer and the modes in which it can carry a payload; the first mode of ours is its plainest. */
const peers: readonly Peer[] = [
  {
    name: ours,
    program: "interproc-pipe",
    oneWay(payload) {
      if (small.includes(payload)) return ["await", "for await", "blocking", "try", "batch"];
      if (payload === "bytes-64k") return ["await", "for await", "blocking"];
      return ["await", "blocking", `await${largeRing}`, `blocking${largeRing}`];
    },
    roundTrip(payload) {
      if (small.includes(payload)) return ["await", "blocking", "spinning on try"];
      return payload === into ? [] : ["await", "blocking"];
    },
  },
  {
    name: "child_process",
    program: "child-process",
    oneWay: fresh("json", "advanced"),
    roundTrip: fresh("json", "advanced"),
  },
  { name: "worker postMessage", program: "worker-thread", oneWay: fresh("events"), roundTrip: fresh("events") },
  {
    name: "unix socket",
    program: "net-socket",
    oneWay: (payload) =>
      small.includes(payload) ? ["write", "cork", "packed"] : payload === into ? ["write"] : ["write", "cork"],
    roundTrip: fresh("write"),
  },
  { name: "zeromq", program: "zeromq", oneWay: fresh("PUSH/PULL"), roundTrip: fresh("PAIR") },
  {
    name: "Python Pipe",
    program: "python_pipe.py",
    oneWay(payload) {
      if (payload === "object") return ["objects", "objects, duplex=False"];
      if (payload === into) return ["bytes"];
      return ["bytes", "bytes, duplex=False", "objects"];
    },
    roundTrip: (payload) => (payload === into ? [] : payload === "object" ? ["objects"] : ["bytes", "objects"]),
  },
  {
    name: "memcpy",
    program: "memcpy",
    oneWay: (payload) => (small.includes(payload) ? [] : ["from cache", "from memory"]),
    roundTrip: () => [],
  },
];

/** All cells of the pipe benchmark, in the order of its tables. */
export function pipeCells(seconds: number): PipeCell[] {
  return (["one-way", "round-trip"] as const).flatMap((measure) =>
    pipePayloads.flatMap((payload) =>
      peers.flatMap(({ name, program, oneWay, roundTrip }) =>
        (measure === "one-way" ? oneWay : roundTrip)(payload).map((mode): PipeCell => {
          return { peer: name, program, question: { measure, payload, mode, seconds } };
        }),
      ),
    ),
  );
}
