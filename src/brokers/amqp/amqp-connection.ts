import type { Socket } from "node:net";
import type { Channel, ChannelModel, ConfirmChannel } from "amqplib";
import { ClosedError } from "../../errors.js";
import { nextTurn } from "../../loop-turn.js";
import type { Bounds } from "../bounds.js";
import type { BrokerUrl } from "../broker-url.js";
import { Holding } from "../holding.js";
import { loadPeer } from "../load-peer.js";
import { serverTls } from "../server-tls.js";
import { withinMs } from "../within-ms.js";
import { amqpFailure, isCut } from "./amqp-failure.js";

const HEARTBEAT_S = 10;
const MOST_PAUSE_MS = 2000;
const FIRST_PAUSE_MS = 50;
/** A server that has not answered by then when it is left is left without. */
const GOODBYE_MS = 5000;

/** What of the driver's connection is not in its types. */
interface Inner {
  readonly stream: Socket;
  /** It has ended, or is about to. */
  readonly expectSocketClose: boolean;
  readonly heartbeater?: { readonly sendTimer?: NodeJS.Timeout; readonly recvTimer?: NodeJS.Timeout };
}

/** A connection to an AMQP 0-9-1 server that comes back by itself, with pauses that grow up to two seconds. */
export class AmqpConnection {
  private model: ChannelModel | undefined;
  private isOpen = true;
  private readonly holding = new Holding(() => {
    const { stream, heartbeater } = (this.model?.connection ?? {}) as Partial<Inner>;
    return [stream, heartbeater?.sendTimer, heartbeater?.recvTimer];
  });
  private readonly channels = new Map<string, Promise<Channel>>();
  private coming: Promise<ChannelModel> | undefined;

  private constructor(
    private readonly dial: () => Promise<ChannelModel>,
    readonly shown: string,
  ) {}

  /** Connects; closes when it is given up meanwhile or later. @throws NotFoundError, AuthenticationError, SystemError */
  static async open(url: BrokerUrl, operation: string, signal: AbortSignal): Promise<AmqpConnection> {
    const { connect } = await loadPeer("amqplib", operation, () => import("amqplib"));
    const { server, scheme, shown } = url as BrokerUrl & { server: URL };
    const secure = scheme === "amqps";
    const options = {
      protocol: scheme,
      hostname: server.hostname.replace(/^\[|\]$/g, ""),
      port: Number(server.port || (secure ? 5671 : 5672)),
      username: decodeURIComponent(server.username || "guest"),
      password: decodeURIComponent(server.password || (server.username === "" ? "guest" : "")),
      vhost: server.searchParams.get("vhost") ?? "/",
      heartbeat: HEARTBEAT_S,
    };
    const socketOptions = { timeout: 10_000, noDelay: true, ...(secure && serverTls(url)) };
    const connection = new AmqpConnection(() => connect(options, socketOptions), shown);
    try {
      connection.arrived(await connection.dial());
    } catch (error) {
      throw amqpFailure(error, operation, shown);
    }
    // the server may say nothing any more
    signal.addEventListener("abort", () => void connection.close(), { once: true });
    if (signal.aborted) await connection.close();
    signal.throwIfAborted();
    return connection;
  }

  /**
   * Does something with the channel of that name, which is opened when it is not open; again after the connection was cut,
   * as long as somebody waits for it. `again` is called before each repetition.
   */
  async use<R>(
    name: string,
    operation: string,
    body: (channel: Channel) => Promise<R>,
    bounds?: Bounds,
    again?: () => void,
  ): Promise<R> {
    for (;;) {
      try {
        const channel = await this.channel(name);
        // what was given up while there was no connection is not begun
        bounds?.throwIfGivenUp();
        return await body(channel);
      } catch (error) {
        if (bounds?.isGivenUp) bounds.throwIfGivenUp();
        if (!this.isOpen || !isCut(error)) throw amqpFailure(error, operation, this.shown);
        again?.();
        // the driver may hear of an end only then
        await nextTurn();
        await this.live();
      }
    }
  }

  /** The channel of that name. Those for putting (`put`, `put …`) confirm what they take. */
  channel(name: string): Promise<Channel> {
    const known = this.channels.get(name);
    if (known) return known;
    const opened = this.openChannel(name);
    this.channels.set(name, opened);
    opened.catch(() => this.forget(name, opened));
    return opened;
  }

  /** A channel of the caller's own. */
  async ownChannel(): Promise<Channel> {
    const channel = await (await this.live()).createChannel();
    channel.setMaxListeners(0);
    // that it was closed shows in the calls
    channel.on("error", () => undefined);
    return channel;
  }

  /** See Holding. */
  holder(): (isPending: boolean) => void {
    return this.holding.holder();
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.holding.keep();
    const model = this.model ?? (await this.coming?.catch(() => undefined));
    if (model === undefined) return;
    // what was sent before, acknowledgements too, has arrived when the server answers
    await withinMs(GOODBYE_MS, model.close());
    // without an error the driver would not hear of it
    (model.connection as unknown as Inner).stream.destroy(new Error("socket closed"));
  }

  private async openChannel(name: string): Promise<Channel> {
    const model = await this.live();
    const channel = /^put\b/.test(name)
      ? ((await model.createConfirmChannel()) as ConfirmChannel)
      : await model.createChannel();
    const opened = this.channels.get(name);
    // every call that waits listens for its end
    channel.setMaxListeners(0);
    channel.on("error", () => undefined);
    channel.on("close", () => this.forget(name, opened));
    return channel;
  }

  private forget(name: string, channel: Promise<Channel> | undefined): void {
    if (this.channels.get(name) === channel) this.channels.delete(name);
  }

  /** The connection, once it is there. */
  private live(): Promise<ChannelModel> {
    if (!this.isOpen) return Promise.reject(new ClosedError(`${this.shown}: the connection was closed`));
    if (this.model) return Promise.resolve(this.model);
    this.coming ??= this.comeBack().finally(() => {
      this.coming = undefined;
    });
    return this.coming;
  }

  private async comeBack(): Promise<ChannelModel> {
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

  private arrived(model: ChannelModel): ChannelModel {
    // it ended in one breath with its beginning: nobody would hear of that
    if ((model.connection as unknown as Inner).expectSocketClose) throw new Error("connection closed");
    this.model = model;
    model.on("error", () => undefined);
    model.on("close", () => {
      if (this.model !== model) return;
      this.model = undefined;
      this.channels.clear();
    });
    this.holding.follow();
    return model;
  }
}
