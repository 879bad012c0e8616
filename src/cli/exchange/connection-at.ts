import { readFileSync } from "node:fs";
import type { AsyncConnection } from "../../channel.js";
import { type ConnectOptions, connect } from "../../transports/connect.js";
import { listen } from "../../transports/listen.js";
import { Failure } from "../failure.js";
import type { ExchangeOptions } from "./exchange-options.js";

/** A connection to whoever listens at an url, or with `listen` the first one that comes. */
export async function connectionAt(
  url: string,
  options: ExchangeOptions,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<AsyncConnection> {
  const { framing, codec, authkeyFile } = options;
  const settings: ConnectOptions = {
    ...(framing && { framing }),
    ...(codec && { codec }),
    ...(authkeyFile !== undefined && { authkey: keyIn(authkeyFile) }),
  };
  if (!options.listen) return connect(url, { ...settings, signal, timeout: options.timeout });
  await using listener = await listen(url, settings);
  say(`listening at ${listener.address}`);
  return await listener.accept({ signal, timeout: options.timeout });
}

function keyIn(file: string): Uint8Array {
  try {
    const text = readFileSync(file);
    return text.at(-1) === 10 ? text.subarray(0, -1) : text; // editors end files with a line
  } catch (error) {
    throw new Failure(`the key's file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`, 2);
  }
}
