import { NotFoundError } from "../errors.js";

/** The packages that speak to servers: optional, and loaded when the first url asks for them. */
const peers = {
  amqplib: "amqplib@2",
  "@redis/client": "@redis/client@6",
  "@stomp/stompjs": "@stomp/stompjs@7 @stomp/tcp-wrapper@1",
  "@stomp/tcp-wrapper": "@stomp/stompjs@7 @stomp/tcp-wrapper@1",
  "@nats-io/transport-node": "@nats-io/transport-node@3 @nats-io/jetstream@3",
  "@nats-io/jetstream": "@nats-io/transport-node@3 @nats-io/jetstream@3",
} as const;

/** Loads a package that is not among our own dependencies. @throws NotFoundError that says how to install it */
export async function loadPeer<M>(name: keyof typeof peers, operation: string, load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw cause;
    throw new NotFoundError(`${operation}: the package ${name} is not installed; npm install ${peers[name]}`, {
      resource: name,
      cause,
    });
  }
}
