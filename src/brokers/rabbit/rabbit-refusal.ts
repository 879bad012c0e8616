import { NotFoundError, SystemError } from "../../errors.js";
import { amqpFailure } from "../amqp/amqp-failure.js";
import type { RabbitOutgoing } from "./rabbit-publishing.js";

/** Why a message that was published is nowhere, or may be nowhere, as an error. */
export const rabbitRefusal = {
  /** No queue takes it. */
  unroutable({ exchange, routingKey, content }: RabbitOutgoing, operation: string, shown: string): NotFoundError {
    const where = `exchange ${JSON.stringify(exchange)} with routing key ${JSON.stringify(routingKey)}`;
    const options = { resource: shown, undelivered: content };
    return new NotFoundError(`${operation} to ${where}: no queue takes it (mandatory)`, options);
  },

  /** The server has said no, or the channel has ended; `failure`: by what. */
  unconfirmed(error: Error, failure: unknown, operation: string, shown: string): Error {
    if (error.message !== "message nacked") return amqpFailure(failure ?? error, operation, shown);
    return new SystemError(`${operation}: the server has refused it: a queue that it goes to is full, or has failed`, {
      ...{ errno: "ENOBUFS", resource: shown, cause: error },
    });
  },
};
