import type { Msg, MsgHdrs } from "@nats-io/transport-node";
import type { MessageHeaders } from "../../async-queue.js";
import type { Incoming, Outgoing } from "../broker.js";

/** Where what travels beside a body stands, as JSON in ASCII: values of headers have a type here, and names any letters. */
const BESIDE = "Interproc";
const TYPE = "Content-Type";
const SERVER_ID = "Nats-Msg-Id";

/** What travels beside a body; what is not said is left out. */
interface Beside {
  readonly id?: string;
  readonly headers?: MessageHeaders;
  readonly delay?: number;
  readonly ttl?: number;
  readonly key?: string;
  readonly again?: true;
}

/** By what a taken message is known: where it is answered, its number in the stream, and when the server took it (ms). */
export interface NatsToken {
  readonly reply: string;
  readonly sequence: number;
  readonly takenAt: number;
  readonly delay: number;
  readonly ttl: number;
}

/** A message's headers. `putId` is by what the server knows a put that is repeated. */
export function natsHeaders(headers: MsgHdrs, message: Outgoing, putId: string | undefined, isAgain: boolean): MsgHdrs {
  const { contentType, id, headers: own, delay, ttl, key } = message;
  const beside: Beside = {
    id,
    ...(Object.keys(own).length > 0 && { headers: own }),
    ...(delay > 0 && { delay }),
    ...(ttl !== Number.POSITIVE_INFINITY && { ttl }),
    ...(key !== undefined && { key }),
    ...(isAgain && { again: true }),
  };
  headers.set(BESIDE, ascii(JSON.stringify(beside)));
  if (contentType !== "") headers.set(TYPE, contentType);
  if (putId !== undefined) headers.set(SERVER_ID, putId);
  return headers;
}

/** A message as it came, from whatever program. The server may have forgotten deliveries of what it took before `since`. */
export function natsIncoming({ data, headers, reply, subject }: Msg, since: number, key = subject): Incoming {
  const beside = besideOf(headers);
  const token = tokenOf(reply ?? "", beside);
  // a message with a delay is handed out once too often: to whoever finds that it is too early
  const count = Math.max(1, deliveriesOf(reply ?? "") - (token.delay > 0 ? 1 : 0));
  return {
    body: data,
    contentType: headers?.has(TYPE) ? headers.get(TYPE) : undefined,
    id: beside?.id ?? (headers?.has(SERVER_ID) ? headers.get(SERVER_ID) : undefined),
    headers: beside ? (beside.headers ?? {}) : plainHeaders(headers),
    deliveries: count,
    redelivered: count > 1 || beside?.again === true || token.takenAt < since,
    key: beside?.key ?? key,
    token,
  };
}

const ascii = (json: string): string =>
  json.replace(/[\u007f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);

function besideOf(headers: MsgHdrs | undefined): Beside | undefined {
  if (!headers?.has(BESIDE)) return undefined;
  try {
    const found: unknown = JSON.parse(headers.get(BESIDE));
    return typeof found === "object" && found !== null ? (found as Beside) : undefined;
  } catch {
    // somebody else's
    return undefined;
  }
}

function plainHeaders(headers: MsgHdrs | undefined): MessageHeaders {
  const names = headers?.keys().filter((name) => name !== TYPE && name !== SERVER_ID) ?? [];
  return Object.fromEntries(names.map((name) => [name, headers?.get(name) ?? ""]));
}

/** The words of $JS.ACK.[domain.account.]stream.consumer.deliveries.sequence.…​; a domain makes them 11 or more. */
const answerWords = (reply: string): string[] => {
  const words = reply.startsWith("$JS.ACK.") ? reply.split(".") : [];
  return words.length >= 11 ? words.slice(4) : words.slice(2);
};

const deliveriesOf = (reply: string): number => Number(answerWords(reply)[2] ?? 1);

function tokenOf(reply: string, beside: Beside | undefined): NatsToken {
  const words = answerWords(reply);
  const { delay = 0, ttl = Number.POSITIVE_INFINITY } = beside ?? {};
  return { reply, sequence: Number(words[3] ?? 0), takenAt: Number(words[5] ?? 0) / 1e6, delay, ttl };
}
