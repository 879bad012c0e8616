import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectSecurely } from "node:tls";
import type { Client, IFrame, IMessage, StompHeaders } from "@stomp/stompjs";
import { Cut, Refusal } from "./activemq-failure.js";

const HEARTBEAT_MS = 10_000;
const CONNECT_MS = 10_000;
/** A server that does not say goodbye by then is left without. */
const GOODBYE_MS = 1000;

/** The two packages that a connection is made of. */
export interface Drivers {
  readonly stomp: typeof import("@stomp/stompjs");
  readonly tcp: typeof import("@stomp/tcp-wrapper");
}

/** Where a server is, and who asks. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** Where the connection is encrypted. */
  readonly tls: ConnectionOptions | undefined;
  readonly login: string | undefined;
  readonly passcode: string | undefined;
}

/** What of the driver's connection is not in its types. */
interface Inner {
  readonly _stompHandler?: {
    readonly _ponger?: NodeJS.Timeout;
    readonly _pinger?: { readonly _timer?: NodeJS.Timeout };
    _transmit(frame: { readonly command: string; readonly headers: StompHeaders }): void;
  };
}

/** What a frame carries beside its destination. */
export interface Sent {
  readonly destination: string;
  readonly headers: StompHeaders;
  readonly body: Uint8Array;
}

/** One connection that speaks STOMP 1.2, from its beginning to its end. */
export class ActivemqLink {
  private readonly waiting = new Map<string, { resolve(): void; reject(error: Error): void }>();
  private readonly ends = new Set<() => void>();
  private number = 0;
  private isAlive = true;

  private constructor(
    private readonly client: Client,
    private readonly socket: () => Socket | undefined,
  ) {}

  /** Connects. @throws Refusal, Cut, an error of the operating system */
  static async open({ stomp, tcp }: Drivers, place: Place): Promise<ActivemqLink> {
    const { host, port, tls, login, passcode } = place;
    let socket: Socket | undefined;
    class Way extends tcp.TCPWrapper {
      protected override getSocket(): Socket {
        const options = { host, port, noDelay: true };
        socket = tls ? connectSecurely({ ...options, ...tls }) : connect(options);
        return socket;
      }
    }
    const client = new stomp.Client({
      webSocketFactory: () => new Way(host, port),
      stompVersions: new stomp.Versions(["1.2"]),
      connectHeaders: { host, ...(login !== undefined && { login }), ...(passcode !== undefined && { passcode }) },
      // coming back is ours, so that what was under way is known to be
      ...{ reconnectDelay: 0, connectionTimeout: CONNECT_MS, discardWebsocketOnCommFailure: true },
      ...{ heartbeatIncoming: HEARTBEAT_MS, heartbeatOutgoing: HEARTBEAT_MS },
    });
    const link = new ActivemqLink(client, () => socket);
    await new Promise<void>((resolve, reject) => {
      client.onConnect = () => resolve();
      client.onStompError = (frame) => {
        const refusal = new Refusal(frame.headers.message ?? frame.body.split("\n")[0]);
        reject(refusal);
        link.refused(frame, refusal);
      };
      client.onWebSocketError = ({ message }: { message?: unknown }) =>
        reject(message instanceof Error ? message : new Cut("the connection failed"));
      client.onWebSocketClose = () => {
        reject(new Cut("the connection was lost while it was opened"));
        link.over();
      };
      client.activate();
    }).catch(async (error) => {
      await link.close();
      throw error;
    });
    return link;
  }

  /** Calls once the connection has ended. */
  onEnd(listener: () => void): void {
    if (this.isAlive) this.ends.add(listener);
    else listener();
  }

  /** Publishes; resolves when the server has confirmed it. */
  publish({ destination, headers, body }: Sent): Promise<void> {
    return this.confirmed((receipt) =>
      this.client.publish({ destination, headers: { ...headers, receipt }, binaryBody: body }),
    );
  }

  /** Subscribes under that id; resolves when the server has done so. */
  subscribe(id: string, destination: string, headers: StompHeaders, came: (message: IMessage) => void): Promise<void> {
    return this.confirmed((receipt) => void this.client.subscribe(destination, came, { ...headers, id, receipt }));
  }

  /** Resolves when nothing more will come; what was not acknowledged is the server's again. */
  unsubscribe(id: string): Promise<void> {
    return this.confirmed((receipt) => this.client.unsubscribe(id, { receipt }));
  }

  ack({ headers: { ack, subscription } }: IMessage): Promise<void> {
    return this.confirmed((receipt) => this.client.ack(ack, subscription, { receipt }));
  }

  /** Publishes and acknowledges in one transaction: both or none. */
  move({ headers: { ack, subscription } }: IMessage, { destination, headers, body }: Sent): Promise<void> {
    return this.confirmed((receipt) => {
      const transaction = `move-${receipt}`;
      this.client.begin(transaction);
      this.client.publish({ destination, headers: { ...headers, transaction }, binaryBody: body });
      this.client.ack(ack, subscription, { transaction });
      // the driver's own commit cannot ask for a receipt
      const { _stompHandler } = this.client as unknown as Inner;
      _stompHandler?._transmit({ command: "COMMIT", headers: { transaction, receipt } });
    });
  }

  /** What of it keeps the process alive. */
  get anchors(): readonly (Socket | NodeJS.Timeout | undefined)[] {
    const { _stompHandler } = this.client as unknown as Inner;
    return [this.socket(), _stompHandler?._ponger, _stompHandler?._pinger?._timer];
  }

  async close(): Promise<void> {
    const goodbye = this.client.deactivate();
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    await Promise.race([goodbye, patience]).catch(() => undefined);
    clearTimeout(timer);
    this.socket()?.destroy();
  }

  private confirmed(send: (receipt: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.isAlive) return reject(new Cut("the connection was lost"));
      const receipt = `r${++this.number}`;
      this.waiting.set(receipt, { resolve, reject });
      this.client.watchForReceipt(receipt, () => {
        this.waiting.delete(receipt);
        resolve();
      });
      try {
        send(receipt);
      } catch {
        this.waiting.delete(receipt);
        reject(new Cut("the connection was lost"));
      }
    });
  }

  private refused(frame: IFrame, refusal: Refusal): void {
    const receipt = frame.headers["receipt-id"] ?? "";
    this.waiting.get(receipt)?.reject(refusal);
    this.waiting.delete(receipt);
    // after an error the server may have ended, or forgotten, anything
    this.socket()?.destroy();
  }

  private over(): void {
    this.isAlive = false;
    for (const { reject } of this.waiting.values()) reject(new Cut("the connection was lost"));
    this.waiting.clear();
    for (const end of this.ends) end();
    this.ends.clear();
  }
}
