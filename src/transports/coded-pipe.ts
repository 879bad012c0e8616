import type { AsyncConnection, Connection } from "../channel.js";
import { authenticate } from "./authenticate.js";
import { CodedConnection } from "./coded-connection.js";
import type { Settings } from "./connection-options.js";
import { messageCodec } from "./message-codec.js";
import { withDeadline } from "./with-deadline.js";

/** A pipe between two that met by name, with its handshake, and with the codec that the settings say. */
export async function codedPipe(
  pipe: Connection,
  settings: Settings,
  role: "listener" | "client",
): Promise<AsyncConnection | Connection> {
  const { key, codec, handshakeTimeout } = settings;
  try {
    if (key) await withDeadline(authenticate(pipe, role, key), handshakeTimeout, () => pipe.close());
  } catch (error) {
    pipe.close();
    throw error;
  }
  return codec === messageCodec("structured") ? pipe : new CodedConnection(pipe, codec);
}
