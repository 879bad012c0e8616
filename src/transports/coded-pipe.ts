import type { AsyncConnection, Connection } from "../channel.js";
import { authenticate } from "./authenticate.js";
import { CodedConnection, checkedValues, codedValues } from "./coded-connection.js";
import type { Settings } from "./connection-options.js";
import { withDeadline } from "./with-deadline.js";

/** A pipe between two that met by name, with its handshake, and with the codec that the settings say. */
export async function codedPipe(
  pipe: Connection,
  settings: Settings,
  role: "listener" | "client",
): Promise<AsyncConnection | Connection> {
  const { key, codec, handshakeTimeout, isStructured, schema } = settings;
  try {
    if (key) await withDeadline(authenticate(pipe, role, key), handshakeTimeout, () => pipe.close());
  } catch (error) {
    pipe.close();
    throw error;
  }
  if (!isStructured) return new CodedConnection(pipe, codedValues(codec));
  return schema ? new CodedConnection(pipe, checkedValues(schema)) : pipe;
}
