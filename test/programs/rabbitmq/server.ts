/** Where the server is. */
export const url = process.env.RABBITMQ_URL ?? "amqp://localhost";

/** A name of this run only. */
export const named = (name: string): string => `${process.env.RABBITMQ_RUN ?? ""}${name}`;
