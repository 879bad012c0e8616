import type { IMessage, StompHeaders } from "@stomp/stompjs";
import type { MessageHeaders } from "../../async-queue.js";
import type { Incoming, Outgoing } from "../broker.js";
import type { ActivemqCourse } from "./activemq-course.js";

/** Where what travels beside a body stands, as JSON in per cent signs: the driver trims values and knows strings only. */
const BESIDE = "interproc";
/** Headers that are the server's, or of one delivery. */
const SERVERS = new Set([
  ...["destination", "message-id", "subscription", "ack", "timestamp", "expires", "priority", "persistent"],
  ...["redelivered", "content-length", "receipt", "transaction", "scheduledJobId", "AMQ_SCHEDULED_DELAY"],
]);

/** What travels beside a body; what is not said is left out. */
interface Beside {
  readonly type?: string;
  readonly id?: string;
  readonly headers?: MessageHeaders;
  /** How often it was handed out before it was put again. */
  readonly count?: number;
  /** When nobody gets it any more, by the clock of who has put it. */
  readonly until?: number;
  readonly key?: string;
  readonly again?: true;
}

/** By what a taken message is known: its subscription too. */
export interface ActivemqToken {
  readonly message: IMessage;
  readonly course: ActivemqCourse | undefined;
  readonly until: number;
  /** How often it was given back and put again. */
  readonly count: number;
}

/** A queue as frames call it. */
export const queueDestination = (name: string): string => `/queue/${destinationName(name)}`;

/** A name without what has a meaning in a destination's: lists, options, wildcards. */
export function destinationName(name: string): string {
  return encodeURIComponent(name).replace(/[*>,?:]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
}

/** The headers under which a message is put. */
export function activemqHeaders(message: Outgoing, isAgain: boolean): StompHeaders {
  const { contentType, id, headers, delay, ttl, key } = message;
  return {
    persistent: "true",
    ...(contentType !== "" && { "content-type": contentType }),
    ...(delay > 0 && { AMQ_SCHEDULED_DELAY: String(Math.ceil(delay)) }),
    [BESIDE]: written({
      ...{ type: contentType, id },
      ...(Object.keys(headers).length > 0 && { headers }),
      ...(ttl !== Number.POSITIVE_INFINITY && { until: Date.now() + ttl }),
      ...(key !== undefined && { key }),
      ...(isAgain && { again: true }),
    }),
  };
}

/** The headers of a message that was taken and is put again, here as one more delivery. */
export function headersAgain({ message }: ActivemqToken, count: number | undefined): StompHeaders {
  const kept = Object.entries(message.headers).filter(([name]) => !SERVERS.has(name) && name !== BESIDE);
  const { count: _, ...beside } = besideOf(message.headers) ?? {};
  return {
    ...Object.fromEntries(kept),
    persistent: "true",
    [BESIDE]: written({ ...beside, ...(count !== undefined && { count }) }),
  };
}

/** A message as it came, from whatever program. */
export function activemqIncoming(message: IMessage, course: ActivemqCourse | undefined): Incoming {
  const { headers } = message;
  const beside = besideOf(headers) ?? {};
  const wasBack = headers.redelivered === "true";
  const count = beside.count ?? (wasBack ? 1 : 0);
  const plain = Object.entries(headers).filter(
    ([name]) => !SERVERS.has(name) && ![BESIDE, "content-type"].includes(name),
  );
  return {
    body: message.binaryBody,
    contentType: beside.type ?? headers["content-type"],
    id: beside.id ?? headers["message-id"],
    headers: beside.headers ?? (beside.id === undefined ? Object.fromEntries(plain) : {}),
    deliveries: count + 1,
    redelivered: count > 0 || wasBack || beside.again === true,
    key: beside.key ?? "",
    token: {
      message,
      course,
      until: beside.until ?? Number.POSITIVE_INFINITY,
      count: beside.count ?? 0,
    } satisfies ActivemqToken,
  };
}

const written = (beside: Beside): string => encodeURIComponent(JSON.stringify(beside));

function besideOf(headers: StompHeaders): Beside | undefined {
  const text = headers[BESIDE];
  if (text === undefined) return undefined;
  try {
    const found: unknown = JSON.parse(decodeURIComponent(text));
    return typeof found === "object" && found !== null ? (found as Beside) : undefined;
  } catch {
    // somebody else's
    return undefined;
  }
}
