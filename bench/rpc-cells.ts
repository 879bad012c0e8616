import { ours } from "./floors.js";
import type { Cell, Measured } from "./measure.js";
import { type RpcMeasure, type RpcQuestion, rpcMeasures } from "./rpc-question.js";

interface Peer {
  name: string;
  program: string;
  modes: readonly string[];
  /** What it has no way for. */
  lacks?: readonly RpcMeasure[];
}

const peers: readonly Peer[] = [
  { name: ours, program: "interproc-rpc", modes: ["process", "thread"] },
  { name: "comlink", program: "comlink-rpc", modes: ["thread"] },
  { name: "birpc", program: "birpc-rpc", modes: ["child_process"], lacks: ["callback", "items"] },
  { name: "child_process", program: "child-process-rpc", modes: ["json", "advanced"] },
  { name: "Python Manager", program: "python_rpc.py", modes: ["proxy"], lacks: ["callback"] },
];

/** All cells of the rpc benchmark, in the order of its tables. */
export function rpcCells(seconds: number): Cell<RpcQuestion>[] {
  return (Object.keys(rpcMeasures) as RpcMeasure[]).flatMap((measure) =>
    peers
      .filter(({ lacks }) => !lacks?.includes(measure))
      .flatMap(({ name, program, modes }) =>
        modes.map((mode): Cell<RpcQuestion> => ({ peer: name, program, question: { measure, mode, seconds } })),
      ),
  );
}

/** Calls or items a second, at the median latency where each is timed: larger is better. */
export function rpcSpeed({ median }: Measured<RpcQuestion>): number {
  return median?.callsPerSecond ?? 1e6 / (median?.p50Micros ?? Number.NaN);
}
