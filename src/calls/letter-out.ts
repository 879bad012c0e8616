import { randomUUID } from "node:crypto";
import type { Outgoing } from "../brokers/broker.js";
import type { Letter } from "./mailbox.js";

/** A letter as drivers take messages. */
export function letterOut({ to, id, body, contentType }: Letter): Outgoing {
  return {
    ...{ body, contentType, id: randomUUID(), headers: {}, priority: 0, delay: 0, ttl: Number.POSITIVE_INFINITY },
    ...{ key: to, correlationId: id },
  };
}
