import type { PipeQuestion } from "./answer.js";

/** What the programs of the socket benchmark are asked. */
export interface SocketQuestion extends PipeQuestion {
  transport: SocketTransport;
}

/** How the two processes are connected, in the order of the tables. */
export const socketTransports = ["unix", "tcp", "tls", "ws", "shm"] as const;

export type SocketTransport = (typeof socketTransports)[number];

/** What is sent over sockets, in the order of the tables. */
export const socketPayloads = ["bytes-64", "object", "bytes-16k", "bytes-64k", "bytes-1m"] as const;
