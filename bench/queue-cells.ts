import { ours } from "./floors.js";
import type { Cell } from "./measure.js";
import { type QueuePayload, type QueueQuestion, queuePayloads, type Shape, shapes } from "./queue-letters.js";

/** Ends the name of a mode of ours whose queue has 4 MiB instead of 256 KiB. */
export const largeQueue = ", 4 MiB";

interface Peer {
  name: string;
  program: string;
  modes(payload: QueuePayload): readonly string[];
}

/** Every peer and the modes in which it is used. */
const peers: readonly Peer[] = [
  {
    name: ours,
    program: "interproc-queue",
    modes: (payload) => ["await", "blocking", "batch", ...(payload === "bytes-64k" ? largeModes : [])],
  },
  { name: "child_process", program: "child-process-fan-out", modes: () => ["fan-out, json"] },
  { name: "Python Queue", program: "python_queue.py", modes: () => ["unbounded", "maxsize=1000"] },
  { name: "Python SimpleQueue", program: "python_queue.py", modes: () => ["put, get"] },
];

const largeModes = [`await${largeQueue}`, `blocking${largeQueue}`];

/** The modes of ours that move one message a call. */
export const singleModes = ["await", "blocking", ...largeModes];

/** All cells of the queue benchmark, in the order of its tables. */
export function queueCells(seconds: number): Cell<QueueQuestion>[] {
  return (Object.keys(queuePayloads) as QueuePayload[]).flatMap((payload) =>
    (Object.keys(shapes) as Shape[]).flatMap((shape) =>
      peers.flatMap(({ name, program, modes }) =>
        modes(payload).map((mode) => ({ peer: name, program, question: { shape, payload, mode, seconds } })),
      ),
    ),
  );
}
