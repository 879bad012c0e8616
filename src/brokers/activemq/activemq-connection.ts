import { ClosedError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type { BrokerUrl } from "../broker-url.js";
import { Holding } from "../holding.js";
import { loadPeer } from "../load-peer.js";
import { serverTls } from "../server-tls.js";
import { activemqFailure, isCut } from "./activemq-failure.js";
import { ActivemqLink } from "./activemq-link.js";

const MOST_PAUSE_MS = 2000;
const FIRST_PAUSE_MS = 50;

/** A connection to ActiveMQ that comes back by itself, with pauses that grow up to two seconds. */
export class ActivemqConnection {
  private link: ActivemqLink | undefined;
  private coming: Promise<ActivemqLink> | undefined;
  private isOpen = true;
  private readonly holding = new Holding(() => this.link?.anchors ?? []);

  private constructor(
    private readonly dial: () => Promise<ActivemqLink>,
    readonly shown: string,
  ) {}

  /** Connects; closes when it is given up meanwhile or later. @throws NotFoundError, AuthenticationError, SystemError */
  static async open(url: BrokerUrl, operation: string, signal: AbortSignal): Promise<ActivemqConnection> {
    const stomp = await loadPeer("@stomp/stompjs", operation, () => import("@stomp/stompjs"));
    const tcp = await loadPeer("@stomp/tcp-wrapper", operation, () => import("@stomp/tcp-wrapper"));
    const { server, scheme, shown } = url as BrokerUrl & { server: URL };
    const isSecure = scheme === "activemqs";
    const place = {
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: Number(server.port || (isSecure ? 61614 : 61613)),
      tls: isSecure ? serverTls(url) : undefined,
      login: server.username === "" ? undefined : decodeURIComponent(server.username),
      passcode: server.password === "" ? undefined : decodeURIComponent(server.password),
    };
    const connection = new ActivemqConnection(() => ActivemqLink.open({ stomp, tcp }, place), shown);
    try {
      connection.arrived(await connection.dial());
    } catch (error) {
      throw activemqFailure(error, operation, shown);
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
    body: (link: ActivemqLink) => Promise<R>,
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
        if (!this.isOpen || !isCut(error)) throw activemqFailure(error, operation, this.shown);
        bounds?.throwIfGivenUp();
        again?.();
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
    this.holding.keep();
    const link = this.link ?? (await this.coming?.catch(() => undefined));
    await link?.close();
  }

  /** The connection, once it is there. */
  private live(): Promise<ActivemqLink> {
    if (!this.isOpen) return Promise.reject(new ClosedError(`${this.shown}: the connection was closed`));
    if (this.link) return Promise.resolve(this.link);
    this.coming ??= this.comeBack().finally(() => {
      this.coming = undefined;
    });
    return this.coming;
  }

  private async comeBack(): Promise<ActivemqLink> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(MOST_PAUSE_MS, pause * 2)) {
      await this.holding.pause(pause * (0.5 + Math.random() / 2));
      if (!this.isOpen) throw new ClosedError(`${this.shown}: the connection was closed`);
      try {
        return this.arrived(await this.dial());
      } catch (error) {
        if (!isCut(error)) throw error;
      }
    }
  }

  private arrived(link: ActivemqLink): ActivemqLink {
    this.link = link;
    link.onEnd(() => {
      if (this.link === link) this.link = undefined;
    });
    this.holding.follow();
    return link;
  }
}
