import type { AsyncTopicMessage } from "../async-topic.js";
import type { Body } from "./bodies.js";

/** A topic's message as one binary message of a WebSocket: 4 bytes of length, a head in JSON, and the body. */
export function topicFrame({ key, id, headers }: AsyncTopicMessage<unknown>, missed: number, body: Body): Uint8Array {
  const head = Buffer.from(JSON.stringify({ key, id, headers, missed, contentType: body.contentType }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, head, body.bytes]);
}
