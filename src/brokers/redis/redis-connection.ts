import { createHash, randomUUID } from "node:crypto";
import {
  AuthenticationError,
  ClosedError,
  InterprocError,
  MismatchError,
  NotFoundError,
  SystemError,
} from "../../errors.js";
import { systemFailure } from "../../transports/system-failure.js";
import type { Bounds } from "../bounds.js";
import type { BrokerUrl } from "../broker-url.js";
import { redact } from "../broker-url.js";
import { certificateFailure } from "../certificate-failure.js";
import { Holding } from "../holding.js";
import { loadPeer } from "../load-peer.js";
import { serverTls } from "../server-tls.js";
import { withinMs } from "../within-ms.js";

type Module = typeof import("@redis/client");
type Client = ReturnType<Module["createClient"]>;
export type Reply = Buffer | number | null | readonly Reply[];
type Args = readonly (string | Buffer)[];
/** A command's arguments, or what makes them before each repetition. */
type Asked<T> = T | (() => T | Promise<T>);

const MOST_PAUSE_MS = 2000;
const FIRST_PAUSE_MS = 20;
const CONNECT_MS = 10_000;
/** A server that has not answered by then when it is left is left without. */
const GOODBYE_MS = 1000;

/**
 * A connection to a Redis server that comes back by itself. A command that was under way when it was cut is tried again
 * as long as somebody waits for it; what may have happened twice by that is told.
 */
export class RedisConnection {
  private readonly holding = new Holding(() => (this.isOpen ? [this.client, ...this.listening] : []));
  private isOpen = true;
  private number = 0;
  /** How often it was made. */
  private arrivals = 1;
  /** The connections of its own that listen, or are going to. */
  private readonly listeners = new Set<Client>();
  /** Those that have begun to. */
  private readonly listening = new Set<Client>();
  /** Those who wait for the server, should this be closed. */
  private readonly ends = new Set<() => void>();

  private constructor(
    private readonly client: Client,
    private readonly bytes: { sendCommand(args: Args): Promise<unknown> },
    readonly shown: string,
    private readonly name: string,
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
    const name = randomUUID();
    const client = createClient({
      name,
      socket: scheme === "rediss" ? { ...socket, ...serverTls(url), tls: true as const } : socket,
      ...(server.username !== "" && { username: decodeURIComponent(server.username) }),
      ...(server.password !== "" && { password: decodeURIComponent(server.password) }),
      ...(server.searchParams.has("db") && { database: Number(server.searchParams.get("db")) }),
      // what waits for the server is kept here, where it can be given up
      disableOfflineQueue: true,
    }) as unknown as Client;
    // what went wrong is told by the commands
    client.on("error", () => undefined);
    const stop = (): void => {
      end(client);
    };
    signal.addEventListener("abort", stop, { once: true });
    let isLate = false;
    const patience = setTimeout(() => {
      isLate = true;
      stop();
    }, CONNECT_MS);
    try {
      await client.connect();
    } catch (error) {
      if (isLate)
        throw new SystemError(`${operation}: the server did not answer for ${CONNECT_MS} ms`, {
          ...{ errno: "ETIMEDOUT", resource: shown, cause: error },
        });
      throw failureOf(error, operation, shown);
    } finally {
      clearTimeout(patience);
      signal.removeEventListener("abort", stop);
    }
    wasThere = true;
    const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.VERBATIM_STRING]: Buffer });
    const connection = new RedisConnection(client, bytes as never, shown, name);
    // whoever opens may give up while the server says nothing any more
    signal.addEventListener("abort", () => void connection.close(), { once: true });
    await connection.ask(["CLIENT", "ID"], operation).then((id) => {
      connection.number = Number(id);
    });
    client.on("ready", () => {
      connection.number = 0;
      connection.arrivals++;
    });
    return connection;
  }

  /**
   * What this connection is called while it lasts: `isAlive` tells by that whether it still does. The server's number alone
   * does not do, for a server that was started again counts from the beginning.
   */
  async mark(): Promise<string> {
    if (this.number === 0) this.number = Number(await this.ask(["CLIENT", "ID"], "connecting"));
    return `${this.name}:${this.arrivals}/${this.number}`;
  }

  /** Of such names those whose connections are gone. */
  async gone(marks: readonly string[], operation: string): Promise<string[]> {
    const numbers = marks.map((mark) => mark.replace(/^.*\//, ""));
    const list = String(await this.ask(["CLIENT", "LIST", "ID", ...numbers], operation));
    const alive = new Set([...list.matchAll(/^id=(\d+) .*? name=(\S*)/gm)].map(([, id, name]) => `${name}/${id}`));
    const mine = await this.mark();
    return marks.filter((mark) =>
      mark.startsWith(`${this.name}:`) ? mark !== mine : !alive.has(mark.replace(/:\d+\//, "/")),
    );
  }

  /** Does a command, again where it was cut off; `again` is called before each repetition of what may have been done. */
  async ask(args: Asked<Args>, operation: string, bounds?: Bounds, again?: () => void): Promise<Reply> {
    for (;;) {
      try {
        // no step of waiting where there is a connection: so puts keep their order
        if (!this.client.isReady) await this.ready(this.client);
        const made = typeof args === "function" ? args() : args;
        const list = made instanceof Promise ? await made : made;
        // what was given up while there was no connection is not begun
        bounds?.throwIfGivenUp();
        return (await this.bytes.sendCommand(list)) as Reply;
      } catch (error) {
        if (bounds?.isGivenUp) bounds.throwIfGivenUp();
        if (!this.isOpen || !isCut(error)) throw failureOf(error, `${operation}`, this.shown);
        if (!isOffline(error)) again?.();
        if (isLoading(error)) await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS));
      }
    }
  }

  /** Resolves when the work is done or the connection is cut: it then goes on by itself. */
  async orCut(work: Promise<unknown>): Promise<void> {
    if (!this.client.isReady) {
      work.catch(() => undefined);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const cut = (): void => resolve();
      this.client.once("error", cut);
      work
        .then(() => resolve(), reject)
        .finally(() => {
          this.client.off("error", cut);
        });
    });
  }

  /** Resolves once the server is there. @throws ClosedError when this is closed first */
  private async ready(client: Client): Promise<void> {
    const closed = (): ClosedError => new ClosedError(`${this.shown}: the connection was closed`);
    if (!this.isOpen) throw closed();
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        client.off("ready", come);
        this.ends.delete(end);
        reject(closed());
      };
      const come = (): void => {
        this.ends.delete(end);
        resolve();
      };
      client.once("ready", come);
      this.ends.add(end);
    });
  }

  /** Runs a script. */
  async run(
    script: string,
    keys: readonly string[],
    args: Asked<Args>,
    operation: string,
    bounds?: Bounds,
    again?: () => void,
  ): Promise<Reply> {
    const call = (name: string, what: string) => (): Args | Promise<Args> => {
      const whole = (list: Args): Args => [name, what, String(keys.length), ...keys, ...list];
      const made = typeof args === "function" ? args() : args;
      return made instanceof Promise ? made.then(whole) : whole(made);
    };
    try {
      return await this.ask(call("EVALSHA", sumOf(script)), operation, bounds, again);
    } catch (error) {
      if (!String((error as Error).message).includes("NOSCRIPT")) throw error;
      return this.ask(call("EVAL", script), operation, bounds, again);
    }
  }

  /**
   * Hears what is published on a channel, on a connection of its own, and undefined when something may have been missed; gives how
   * that ends.
   */
  async subscribe(channel: string, heard: (message?: Buffer) => void): Promise<() => Promise<void>> {
    const listener = this.client.duplicate() as Client;
    listener.on("error", () => undefined);
    listener.on("ready", () => heard());
    const stop = async (): Promise<void> => {
      this.listening.delete(listener);
      this.listeners.delete(listener);
      end(listener);
    };
    this.listeners.add(listener);
    try {
      await listener.connect();
      await this.listen(listener, channel, heard);
    } catch (error) {
      await stop();
      throw failureOf(error, "listening", this.shown);
    }
    this.listening.add(listener);
    this.holding.follow();
    return stop;
  }

  private async listen(listener: Client, channel: string, heard: (message?: Buffer) => void): Promise<void> {
    for (;;) {
      try {
        if (!listener.isReady) await this.ready(listener);
        await listener.subscribe(channel, (message) => heard(message as unknown as Buffer), true);
        return;
      } catch (error) {
        if (!this.isOpen || !isCut(error)) throw error;
      }
    }
  }

  /** See Holding. */
  holder(): (isPending: boolean) => void {
    return this.holding.holder();
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const end of [...this.ends]) end();
    for (const listener of this.listeners) end(listener);
    if (this.client.isReady) {
      this.client.ref();
      await withinMs(GOODBYE_MS, this.client.close());
    }
    end(this.client);
  }
}

/** Also where it is only being connected, which the driver cannot end: until then that keeps no process alive. */
function end(client: Client): void {
  client.unref();
  client.destroy();
  client.on("ready", () => client.destroy());
}

const sums = new Map<string, string>();

function sumOf(script: string): string {
  const known = sums.get(script) ?? createHash("sha1").update(script).digest("hex");
  sums.set(script, known);
  return known;
}

/** Whether the server has just begun, and is not ready. */
const isLoading = (error: unknown): boolean => /^(LOADING|MASTERDOWN)/.test((error as Error).message);

/** Whether there was no connection, so that nothing was sent. */
const isOffline = (error: unknown): boolean => (error as Error).constructor.name === "ClientOfflineError";

/** Whether the connection was lost, and not the command refused. */
function isCut(error: unknown): boolean {
  const { code, name } = error as NodeJS.ErrnoException;
  return (
    isOffline(error) ||
    ["ECONNRESET", "EPIPE", "ECONNREFUSED", "ECONNABORTED", "ETIMEDOUT"].includes(code ?? "") ||
    /^(SocketClosedUnexpectedly|DisconnectsClient|ConnectionTimeout|SocketTimeout)Error$/.test(
      name === "Error" ? (error as Error).constructor.name : name,
    ) ||
    isLoading(error)
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
  return new SystemError(text, { ...options, errno: isCut(error) ? "ECONNRESET" : undefined });
}
