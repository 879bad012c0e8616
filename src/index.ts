export type { Claim, Connection, Lease, Peer, RecvBytesOptions, RecvIntoOptions, SendBytesOptions } from "./channel.js";
export { registerClass } from "./codec.js";
export type { SyncWaitOptions, WaitOptions } from "./deadline.js";
export * from "./errors.js";
export { type PipeOptions, pipe } from "./primitives/pipe.js";
