import type { Socket } from "node:net";
import type { NatsConnection as Driver } from "@nats-io/transport-node";
import { ClosedError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type { BrokerUrl } from "../broker-url.js";
import { Holding } from "../holding.js";
import { loadPeer } from "../load-peer.js";
import { serverTls } from "../server-tls.js";
import { isCut, natsFailure } from "./nats-failure.js";
import { NatsLink } from "./nats-link.js";
import { serverSince } from "./server-since.js";

const CONNECT_MS = 10_000;
/** A server that says nothing for two of these is gone. */
const PING_MS = 5000;
const MOST_PAUSE_MS = 2000;
const FIRST_PAUSE_MS = 50;

type Transport = typeof import("@nats-io/transport-node");

/** What of the driver's connection is not in its types. */
interface Inner {
  readonly protocol?: {
    readonly transport?: { readonly socket?: Socket };
    readonly heartbeats?: { timer?: NodeJS.Timeout; _schedule(): void };
  };
}

/** A connection to a NATS server that comes back by itself, with pauses that grow up to two seconds. */
export class NatsConnection {
  /** That of the newest link. */
  since = Number.NEGATIVE_INFINITY;
  private link: NatsLink | undefined;
  private coming: Promise<NatsLink> | undefined;
  private isOpen = true;
  private readonly holding = new Holding(() => {
    const { protocol } = (this.link?.driver ?? {}) as Driver & Inner;
    return [protocol?.transport?.socket, protocol?.heartbeats?.timer];
  });
  private readonly arrivals = new Set<(link: NatsLink) => void>();

  private constructor(
    /** The driver's package. */
    readonly transport: Transport,
    private readonly dial: (isFirst: boolean) => Promise<NatsLink>,
    readonly shown: string,
  ) {}

  /** Connects; closes when it is given up meanwhile or later. @throws NotFoundError, AuthenticationError, SystemError */
  static async open(url: BrokerUrl, operation: string, signal: AbortSignal): Promise<NatsConnection> {
    const transport = await loadPeer("@nats-io/transport-node", operation, () => import("@nats-io/transport-node"));
    const { jetstreamManager } = await loadPeer("@nats-io/jetstream", operation, () => import("@nats-io/jetstream"));
    const { server, scheme, shown } = url as BrokerUrl & { server: URL };
    const user = decodeURIComponent(server.username);
    const pass = decodeURIComponent(server.password);
    const options = {
      servers: `${server.hostname}:${server.port || 4222}`,
      ...(user !== "" && (server.password === "" ? { token: user } : { user, pass })),
      ...(scheme === "natss" && { tls: serverTls(url) as object }),
      // coming back is ours, so that what was under way is known to be
      ...{ reconnect: false, timeout: CONNECT_MS, pingInterval: PING_MS, maxPingOut: 2 },
      ...{ ignoreClusterUpdates: true, noAsyncTraces: true, name: "interproc" },
    };
    const connection = new NatsConnection(
      transport,
      async (isFirst) => {
        const driver = await transport.connect(options);
        try {
          const manager = await jetstreamManager(driver, { checkAPI: isFirst, timeout: CONNECT_MS });
          return new NatsLink(driver, manager, await serverSince(manager));
        } catch (error) {
          await driver.close();
          throw error;
        }
      },
      shown,
    );
    try {
      connection.arrived(await connection.dial(true));
    } catch (error) {
      throw natsFailure(error, operation, shown);
    }
    // the server may say nothing any more
    signal.addEventListener("abort", () => void connection.close(), { once: true });
    if (signal.aborted) await connection.close();
    signal.throwIfAborted();
    return connection;
  }

  /**
   * Does something on the connection; again after it was cut, as long as somebody waits for it. `again` is called before each
   * repetition.
   */
  async use<R>(
    operation: string,
    body: (link: NatsLink) => Promise<R>,
    bounds?: Bounds,
    again?: () => void,
  ): Promise<R> {
    for (;;) {
      try {
        // no step of waiting where there is a connection: so puts keep their order
        const link = this.link ?? (await this.live());
        // what was given up while there was no connection is not begun
        bounds?.throwIfGivenUp();
        return await body(link);
      } catch (error) {
        if (bounds?.isGivenUp) bounds.throwIfGivenUp();
        if (!this.isOpen || !isCut(error)) throw natsFailure(error, operation, this.shown);
        bounds?.throwIfGivenUp();
        again?.();
      }
    }
  }

  /** Resolves when the work is done or the connection is cut: it then goes on by itself. */
  async orCut(work: Promise<void>): Promise<void> {
    if (this.link) return Promise.race([work, this.link.driver.closed().then(() => undefined)]);
    work.catch(() => undefined);
  }

  /** Calls for this connection and each that comes after it, until the returned function is called. */
  eachLink(arrival: (link: NatsLink) => void): () => void {
    this.arrivals.add(arrival);
    if (this.link) arrival(this.link);
    return () => void this.arrivals.delete(arrival);
  }

  /** What need not arrive: nothing is sent while there is no connection. */
  say(subject: string, data: string): void {
    try {
      this.link?.driver.publish(subject, data);
    } catch {
      // it has just ended
    }
  }

  /** See Holding. */
  holder(): (isPending: boolean) => void {
    return this.holding.holder();
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.holding.keep();
    const link = this.link ?? (await this.coming?.catch(() => undefined));
    await link?.driver.close().catch(() => undefined);
  }

  /** The connection, once it is there. */
  private live(): Promise<NatsLink> {
    if (!this.isOpen) return Promise.reject(new ClosedError(`${this.shown}: the connection was closed`));
    if (this.link) return Promise.resolve(this.link);
    this.coming ??= this.comeBack().finally(() => {
      this.coming = undefined;
    });
    return this.coming;
  }

  private async comeBack(): Promise<NatsLink> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(MOST_PAUSE_MS, pause * 2)) {
      await this.holding.pause(pause * (0.5 + Math.random() / 2));
      if (!this.isOpen) throw new ClosedError(`${this.shown}: the connection was closed`);
      try {
        return this.arrived(await this.dial(false));
      } catch (error) {
        if (!isCut(error)) throw error;
      }
    }
  }

  private arrived(link: NatsLink): NatsLink {
    this.link = link;
    this.since = link.since;
    void link.driver.closed().then(() => {
      if (this.link !== link) return;
      this.link = undefined;
      // listeners need it even if nobody calls
      if (this.isOpen && this.arrivals.size > 0) this.live().catch(() => undefined);
    });
    followPings(link.driver, this.holding);
    this.holding.follow();
    for (const arrival of [...this.arrivals]) arrival(link);
    return link;
  }
}

/** Each ping's timer is a new one, and must not keep a process alive that nothing else does. */
function followPings(driver: Driver & Inner, holding: Holding): void {
  const pings = driver.protocol?.heartbeats;
  if (pings === undefined) return;
  const schedule = pings._schedule.bind(pings);
  pings._schedule = () => {
    schedule();
    if (!holding.holds) pings.timer?.unref();
  };
}
