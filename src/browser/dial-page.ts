import { SystemError, UsageError } from "../errors.js";
import { type Address, formatAddress } from "../transports/address.js";
import type { Settings } from "../transports/connection-options.js";
import type { Dialled } from "../transports/dial.js";
import { withDeadline } from "../transports/with-deadline.js";
import { SUBPROTOCOL } from "../transports/worded-link.js";
import { PageLink, type PageSocket } from "./page-link.js";

interface Platform {
  readonly WebSocket?: new (url: string, protocols: readonly string[]) => PageSocket;
}

/** Begins to open a WebSocket of the platform. @throws SystemError where the page may not; UsageError where there are none */
export function dialPage(
  address: Extract<Address, { scheme: "ws" | "wss" }>,
  { maxMessage, handshakeTimeout }: Settings,
  maxWaiting: number,
): Dialled {
  const url = formatAddress(address);
  const { WebSocket } = globalThis as unknown as Platform;
  if (!WebSocket) throw new UsageError(`connect() to ${url}: there is no global WebSocket here`);
  let socket: PageSocket;
  try {
    socket = new WebSocket(url, [SUBPROTOCOL]);
  } catch (cause) {
    throw new SystemError(`connect() to ${url}: ${(cause as Error).message}`, { resource: url, cause });
  }
  socket.binaryType = "arraybuffer";
  const open = new Promise<{ link: PageLink; peer: { transport: string; address: string } }>((resolve, reject) => {
    const failed = (): void =>
      reject(
        new SystemError(
          `connect() to ${url} failed, and a browser does not say why: nobody listens there, or it is not for pages of this origin (origins)`,
          { errno: "ECONNREFUSED", syscall: "connect", resource: url },
        ),
      );
    socket.addEventListener("open", () =>
      resolve({
        link: new PageLink(socket, maxMessage, maxWaiting),
        peer: { transport: address.scheme, address: url },
      }),
    );
    socket.addEventListener("error", failed);
    socket.addEventListener("close", failed);
  });
  const destroy = (): void => socket.close();
  return { ready: withDeadline(open, handshakeTimeout, destroy), destroy };
}
