import { constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freshName } from "../memory/attachments.js";
import { GATE_BYTE } from "../memory/registry.layout.js";
import { addon, check } from "../native/addon.js";
import { flightFolder } from "../primitives/flight.js";

/** A folder for handles in flight, and the open file whose lock says that somebody will still take them. */
export interface Carrier {
  readonly name: string;
  readonly folder: string;
  /** Whoever inherits it keeps the carrier alive. */
  readonly fd: number;
}

/** Makes a carrier that lives as long as `fd` is open in some process. */
export function openCarrier(prefix: string): Carrier {
  const name = `${prefix}-${freshName()}`;
  const folder = flightFolder(name);
  mkdirSync(folder, { mode: 0o700 });
  const path = join(folder, "alive");
  const fd = check(addon().open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600), "open", path);
  check(addon().lock(fd, GATE_BYTE, 0), "fcntl", path);
  return { name, folder, fd };
}
