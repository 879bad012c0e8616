import { createHash } from "node:crypto";
import { once } from "node:events";
import { AuthenticationError, InterprocError, MismatchError, NotFoundError, SystemError } from "../../errors.js";
import { systemFailure } from "../../transports/system-failure.js";
import type { Bounds } from "../bounds.js";
import type { BrokerUrl } from "../broker-url.js";
import { redact } from "../broker-url.js";
import { certificateFailure } from "../certificate-failure.js";
import { loadPeer } from "../load-peer.js";
import { serverTls } from "../server-tls.js";

type Module = typeof import("@redis/client");
type Client = ReturnType<Module["createClient"]>;
export type Reply = Buffer | number | null | readonly Reply[];

const MOST_PAUSE_MS = 2000;
const FIRST_PAUSE_MS = 20;

/**
 * A connection to a Redis server that comes back by itself. A command that was under way when it was cut is tried again
 * as long as somebody waits for it; what may have happened twice by that is told.
 */
export class RedisConnection {
  private holds = true;
  private readonly holders = new Set<symbol>();
  private isOpen = true;
  private number = 0;
  private readonly listeners = new Set<() => void>();

  private constructor(
    private readonly client: Client,
    private readonly bytes: { sendCommand(args: (string | Buffer)[]): Promise<unknown> },
    readonly shown: string,
  ) {}

  /** Connects. @throws NotFoundError, AuthenticationError, SystemError */
  static async open(url: BrokerUrl, operation: string, signal: AbortSignal): Promise<RedisConnection> {
    const { createClient, RESP_TYPES } = await loadPeer("@redis/client", operation, () => import("@redis/client"));
    const { server, shown, scheme } = url as BrokerUrl & { server: URL };
    let wasThere = false;
    const host = server.hostname.replace(/^\[|\]$/g, "");
    const socket = {
      ...{ host, port: Number(server.port || 6379) },
      reconnectStrategy: (retries: number, cause: Error) =>
        wasThere && !(cause instanceof InterprocError)
          ? Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(retries, 10)) * (0.5 + Math.random() / 2)
          : cause,
    };
    const client = createClient({
      socket: scheme === "rediss" ? { ...socket, ...serverTls(url), tls: true as const } : socket,
      ...(server.username !== "" && { username: decodeURIComponent(server.username) }),
      ...(server.password !== "" && { password: decodeURIComponent(server.password) }),
      ...(server.searchParams.has("db") && { database: Number(server.searchParams.get("db")) }),
    }) as unknown as Client;
    // what went wrong is told by the commands
    client.on("error", () => undefined);
    const stop = (): void => client.destroy();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await client.connect();
    } catch (error) {
      throw failureOf(error, operation, shown);
    } finally {
      signal.removeEventListener("abort", stop);
    }
    wasThere = true;
    const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.VERBATIM_STRING]: Buffer });
    const connection = new RedisConnection(client, bytes as never, shown);
    await connection.ask(["CLIENT", "ID"], operation).then((id) => {
      connection.number = Number(id);
    });
    client.on("ready", () => {
      connection.number = 0;
    });
    return connection;
  }

  /** The server's number for this connection, which is another one after it was cut. */
  async id(): Promise<number> {
    if (this.number === 0) this.number = Number(await this.ask(["CLIENT", "ID"], "connecting"));
    return this.number;
  }

  /** Does a command, again where it was cut off; `again` is called before each repetition. */
  async ask(args: (string | Buffer)[], operation: string, bounds?: Bounds, again?: () => void): Promise<Reply> {
    for (;;) {
      try {
        return (await this.bytes.sendCommand(args)) as Reply;
      } catch (error) {
        if (!this.isOpen || !isCut(error)) throw failureOf(error, `${operation}`, this.shown);
        bounds?.throwIfGivenUp();
        again?.();
        if (!this.client.isReady) await once(this.client, "ready");
      }
    }
  }

  /** Runs a script. */
  async run(
    script: string,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    operation: string,
    bounds?: Bounds,
    again?: () => void,
  ): Promise<Reply> {
    const call = (name: string, what: string) => [name, what, String(keys.length), ...keys, ...args];
    try {
      return await this.ask(call("EVALSHA", sumOf(script)), operation, bounds, again);
    } catch (error) {
      if (!String((error as Error).message).includes("NOSCRIPT")) throw error;
      return this.ask(call("EVAL", script), operation, bounds, again);
    }
  }

  /** Hears what is published on a channel, on a connection of its own; gives how that ends. */
  async subscribe(channel: string, heard: (message: Buffer) => void): Promise<() => Promise<void>> {
    const listener = this.client.duplicate();
    listener.on("error", () => undefined);
    // after a cut something may have been missed
    listener.on("ready", () => heard(Buffer.alloc(0)));
    await listener.connect();
    await listener.subscribe(channel, (message) => heard(message as unknown as Buffer), true);
    const follow = (): void => void (this.holds ? listener.ref() : listener.unref());
    follow();
    this.listeners.add(follow);
    return async () => {
      this.listeners.delete(follow);
      listener.destroy();
    };
  }

  /** One more that says whether the process should live for this connection: it does as long as any of them says so. */
  holder(): (isHeld: boolean) => void {
    const key = Symbol("holder");
    return (isHeld) => {
      if (isHeld) this.holders.add(key);
      else this.holders.delete(key);
      this.hold(this.holders.size > 0);
    };
  }

  private hold(isHeld: boolean): void {
    if (this.holds === isHeld || !this.isOpen) return;
    this.holds = isHeld;
    if (isHeld) this.client.ref();
    else this.client.unref();
    for (const follow of this.listeners) follow();
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    if (this.client.isReady) {
      this.client.ref();
      await this.client.close().catch(() => undefined);
    } else this.client.destroy();
  }
}

const sums = new Map<string, string>();

function sumOf(script: string): string {
  const known = sums.get(script) ?? createHash("sha1").update(script).digest("hex");
  sums.set(script, known);
  return known;
}

/** Whether the connection was lost, and not the command refused. */
function isCut(error: unknown): boolean {
  const { code, name, message } = error as NodeJS.ErrnoException;
  return (
    ["ECONNRESET", "EPIPE", "ECONNREFUSED", "ECONNABORTED", "ETIMEDOUT"].includes(code ?? "") ||
    /^(SocketClosedUnexpectedly|DisconnectsClient|ConnectionTimeout|SocketTimeout)Error$/.test(
      name === "Error" ? (error as Error).constructor.name : name,
    ) ||
    /^(LOADING|MASTERDOWN)/.test(message)
  );
}

/** What the driver says, as an error of ours. */
function failureOf(error: unknown, operation: string, shown: string): Error {
  if (error instanceof InterprocError) return error;
  // a connection that was given up has in it why
  const { originalError } = error as { originalError?: unknown };
  if (originalError !== undefined) return failureOf(originalError, operation, shown);
  const refused = certificateFailure(error, operation, shown);
  if (refused) return refused;
  const { code, message } = error as NodeJS.ErrnoException;
  const text = `${operation}: ${redact(message)}`;
  const options = { resource: shown, cause: error };
  if (/WRONGPASS|NOAUTH|NOPERM|invalid password/i.test(message)) return new AuthenticationError(text, options);
  if (message.includes("WRONGTYPE")) return new MismatchError(`${text}; allowed: a queue's stream`, options);
  if (message.includes("NOGROUP"))
    return new NotFoundError(`${operation}: there is no queue any more; it was deleted`, options);
  if (code !== undefined) return systemFailure(error, operation, shown);
  return new SystemError(text, options);
}
