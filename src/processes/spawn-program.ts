import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { Duplex, Readable, Writable } from "node:stream";
import { NotFoundError, SystemError, UsageError } from "../errors.js";
import { lengthFrames } from "../transports/length-frames.js";
import { lineFrames } from "../transports/line-frames.js";
import { LinkConnection, MAX_MESSAGE } from "../transports/link-connection.js";
import { messageCodec } from "../transports/message-codec.js";
import { pythonFrames } from "../transports/python-frames.js";
import { StreamLink } from "../transports/stream-link.js";
import { checkRunning } from "./check-running.js";
import { Program } from "./program.js";
import { startChild } from "./start-child.js";

/**
 * How messages stand in the program's streams. `"lines"`: a string a line; `"json"`: a JSON value a line; `"length"`: bytes,
 * after their length in 4 bytes, most significant first; `"python"`: what `multiprocessing.connection.Connection` sends and
 * receives.
 */
export type ProgramConnection = "lines" | "json" | "length" | "python";

/** How a program is run, and how it is spoken to. */
export interface ProgramOptions {
  connection: ProgramConnection;
  /** `"stdio"` (default): the program's stdin and stdout. `"fd"` (default with python): a socket whose descriptor INTERPROC_FD names. */
  on?: "stdio" | "fd";
  /** With `on: "fd"`; default nothing. */
  stdin?: "ignore" | "inherit" | "pipe";
  /** With `on: "fd"`; default this process's. */
  stdout?: "ignore" | "inherit" | "pipe";
  /** Default this process's. */
  stderr?: "ignore" | "inherit" | "pipe";
  cwd?: string;
  /** The program's whole environment; default this process's. */
  env?: NodeJS.ProcessEnv;
  /** Aborting it terminates the program. */
  signal?: AbortSignal;
  /** The program is not terminated when this process ends in an orderly way. */
  detached?: boolean;
  /** The longest message, 64 MiB by default. */
  maxMessage?: number;
}

type Value<Kind extends ProgramConnection> = Kind extends "lines"
  ? string
  : Kind extends "length"
    ? Uint8Array
    : unknown;

const kinds = {
  lines: { framing: lineFrames, codec: messageCodec("text") },
  json: { framing: lineFrames, codec: messageCodec("json") },
  length: { framing: lengthFrames(false), codec: messageCodec("bytes") },
  python: { framing: pythonFrames, codec: messageCodec("pickle") },
} as const;
const FD = 3;
/** Programs that still run: they are asked to end when this process does. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

/**
 * Starts any program, with a connection to it. The program needs to know nothing of interproc.
 *
 * When this process ends, the program gets the end of its stdin (or of its socket), however this process ends; when it ends
 * in an orderly way, also SIGTERM, unless `detached`. A program that ignores both after a SIGKILL of this process lives on.
 * A message whose write has begun cannot be taken back from a program: giving it up (`timeout`, `signal`) ends the
 * connection. What the program writes without a newline before it ends is a last line.
 *
 * A Python program needs nothing but its own library: `Connection(int(os.environ["INTERPROC_FD"]))` of
 * `multiprocessing.connection` is the other end of a connection `"python"`.
 *
 * @throws NotFoundError when there is no such program or no such `cwd`; SystemError when it cannot be started
 * @throws UsageError for a connection that is none of those above
 * @example
 * await using sorter = spawnProgram("sort", [], { connection: "lines" });
 * await sorter.connection.sendMany(["pear", "apple"]);
 */
export function spawnProgram<Kind extends ProgramConnection>(
  command: string,
  args: readonly string[],
  options: ProgramOptions & { connection: Kind },
): Program<Value<Kind>, Value<Kind>> {
  if (typeof command !== "string" || command === "")
    throw new UsageError(`spawnProgram(): the program is ${JSON.stringify(command)}; allowed: a name or a path`);
  if (typeof options !== "object" || options === null)
    throw new UsageError(`spawnProgram(): the options are ${String(options)}; allowed: { connection, … }`);
  const { connection, signal, maxMessage = MAX_MESSAGE } = options;
  const { on = connection === "python" ? "fd" : "stdio" } = options;
  if (!Object.hasOwn(kinds, connection))
    throw new UsageError(
      `spawnProgram(): connection is ${String(connection)}; allowed: "lines", "json", "length", "python"`,
    );
  if (on !== "stdio" && on !== "fd")
    throw new UsageError(`spawnProgram(): on is ${String(on)}; allowed: "stdio" or "fd"`);
  signal?.throwIfAborted();
  checkRunning({ cwd: options.cwd }, "spawnProgram()");
  const child = start(command, args, options, on === "fd");
  if (!options.detached) {
    running.add(child);
    child.once("exit", () => running.delete(child));
  }
  const socket = child.stdio[FD] as Duplex | null | undefined;
  const input = (on === "fd" ? socket : child.stdout) as Readable;
  const output = (on === "fd" ? socket : child.stdin) as Writable;
  const peer = { transport: on, pid: child.pid };
  const { framing, codec } = kinds[connection];
  const link = new StreamLink(input, output, framing, maxMessage);
  const conn = new LinkConnection<Value<Kind>, Value<Kind>>({ link, codec, peer, maxMessage });
  return new Program(child, command, conn, signal);
}

function start(command: string, args: readonly string[], options: ProgramOptions, onFd: boolean): ChildProcess {
  const { stdin = "ignore", stdout = "inherit", stderr = "inherit", cwd, env = process.env, detached } = options;
  const child = startChild("spawnProgram()", command, args, {
    cwd,
    env: onFd ? { ...env, INTERPROC_FD: String(FD) } : env,
    detached,
    stdio: onFd ? [stdin, stdout, stderr, "pipe"] : ["pipe", "pipe", stderr],
  });
  if (child.pid !== undefined) return child;
  child.on("error", () => undefined); // told here and now
  const message = `spawnProgram(): ${JSON.stringify(command)} cannot be started`;
  if (!isThere(command, cwd, env)) throw new NotFoundError(`${message}: no such program`, { resource: command });
  throw new SystemError(message, { syscall: "spawn", resource: command });
}

/** Whether there is such a file: Node says why a program could not be started only later. */
function isThere(command: string, cwd = ".", env: NodeJS.ProcessEnv): boolean {
  if (command.includes("/")) return existsSync(resolve(cwd, command));
  return (env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)));
}
