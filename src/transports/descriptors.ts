import { createReadStream, createWriteStream, fstatSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import { Readable, Writable } from "node:stream";
import { UsageError } from "../errors.js";
import type { Settings } from "./connection-options.js";
import { StreamLink } from "./stream-link.js";
import { systemFailure } from "./system-failure.js";

interface Opened {
  readonly link: StreamLink;
  readonly transport: "fd" | "stdio";
  destroy(): void;
}

const ACCESS_MODES = 3;
const READ_ONLY = 0;
const WRITE_ONLY = 1;

/** How a descriptor was opened: 0 to read, 1 to write, 2 both. */
function accessMode(fd: number): number {
  try {
    const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "2";
    return Number.parseInt(flags, 8) & ACCESS_MODES;
  } catch {
    return 2;
  }
}

function kindOf(fd: number): "socket" | "pipe" | "other" {
  try {
    const stat = fstatSync(fd);
    if (stat.isSocket()) return "socket";
    return stat.isFIFO() ? "pipe" : "other";
  } catch (error) {
    throw systemFailure(error, "connect()", `fd:${fd}`);
  }
}

/** One that gives nothing, or takes nothing: the direction that a pipe does not have. */
const nothingComes = (): Readable => Readable.from([]);
const nothingGoes = (): Writable => new Writable().destroy();

function reading(fd: number): Readable {
  if (fd === 0) return process.stdin;
  if (accessMode(fd) === WRITE_ONLY) return nothingComes();
  return kindOf(fd) === "other"
    ? createReadStream("", { fd })
    : new Socket({ fd, readable: true, writable: false, allowHalfOpen: true });
}

function writing(fd: number): Writable {
  if (fd === 1) return process.stdout;
  if (accessMode(fd) === READ_ONLY) return nothingGoes();
  return kindOf(fd) === "other"
    ? createWriteStream("", { fd })
    : new Socket({ fd, readable: false, writable: true, allowHalfOpen: true });
}

/**
 * A link over descriptors that this process was given. They belong to it from then on, and are closed with it.
 *
 * @throws UsageError for a directory or the like; SystemError when there is no such descriptor
 */
export function openDescriptors(input: number, output: number, { framing, maxMessage }: Settings): Opened {
  if (input === output && kindOf(input) === "socket") {
    const socket = new Socket({ fd: input, allowHalfOpen: true });
    socket.on("error", () => undefined);
    return {
      link: new StreamLink(socket, socket, framing, maxMessage),
      transport: "fd",
      destroy: () => socket.destroy(),
    };
  }
  for (const fd of [input, output])
    if (fstatSync(fd).isDirectory())
      throw new UsageError(`connect() to fd:${fd}, which is a folder; allowed: sockets, pipes, terminals and files`);
  const [from, to] = [reading(input), writing(output)];
  for (const stream of [from, to]) stream.on("error", () => undefined);
  return {
    link: new StreamLink(from, to, framing, maxMessage),
    transport: input === 0 && output === 1 ? "stdio" : "fd",
    destroy: () => {
      from.destroy();
      to.destroy();
    },
  };
}
