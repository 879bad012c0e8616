import { AuthenticationError } from "../errors.js";
import { authenticate } from "./authenticate.js";
import { FAILURE } from "./challenge.js";
import { connectionOf } from "./connection-of.js";
import type { Settings } from "./connection-options.js";
import type { Dialled } from "./dial.js";
import type { LinkConnection } from "./link-connection.js";
import { withDeadline } from "./with-deadline.js";

/** The connection that a way becomes once it is open, and who listens there has proved what he knows. */
export async function connectOver<Out, In>(
  dialled: Dialled,
  settings: Settings,
  signal: AbortSignal,
): Promise<LinkConnection<Out, In>> {
  const destroy = (): void => dialled.destroy();
  signal.addEventListener("abort", destroy, { once: true });
  if (signal.aborted) destroy();
  try {
    const { link, peer } = await dialled.ready;
    const connection = connectionOf<Out, In>(link, peer, settings);
    if (settings.key) await prove(connection as LinkConnection, settings);
    return connection;
  } catch (error) {
    dialled.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", destroy);
  }
}

/** The client's side of the handshake. A listener that asks nothing is told that it should have, and then left. */
async function prove(connection: LinkConnection, { key, handshakeTimeout }: Settings): Promise<void> {
  let isLate = false;
  const leave = (): void => {
    isLate = true;
    void connection
      .sendBytes(FAILURE)
      .catch(() => undefined)
      .finally(() => connection.close());
  };
  try {
    await withDeadline(authenticate(connection, "client", key as NonNullable<typeof key>), handshakeTimeout, leave);
  } catch (error) {
    if (!isLate) throw error;
    throw new AuthenticationError(
      `the listener did not finish the handshake within ${handshakeTimeout} ms (handshakeTimeout); perhaps it has no authkey`,
      { cause: error },
    );
  }
}
