export type { AsyncConnection, Peer, RecvBytesOptions, RecvIntoOptions, SendBytesOptions } from "../channel.js";
export { type ClassOptions, registerClass } from "../codec.js";
export type { WaitOptions } from "../deadline.js";
export * from "../errors.js";
export { type Exposed, type ExposeOptions, expose } from "../rpc/expose.js";
export { type Remote, type RemoteOptions, type RemoteResult, remote } from "../rpc/remote.js";
export type { CodecName, MessageCodec } from "../transports/message-codec.js";
export type { StandardSchema } from "../transports/standard-schema.js";
export { type ConnectOptions, connect } from "./connect.js";
