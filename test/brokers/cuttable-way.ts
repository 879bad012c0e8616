import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

interface Trap {
  readonly text: string;
  spring(): void;
}

/** A way to a server that can be cut, closed for a while, or stopped without a word. */
export class CuttableWay implements AsyncDisposable {
  /** Each with the one on the other side. */
  private readonly sockets = new Map<Socket, Socket>();
  private isClosed = false;
  private isSilent = false;
  /** What is to be cut at, and what happens then. */
  private readonly traps = { there: new Set<Trap>(), back: new Set<Trap>() };

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    /** The same url, over this way. */
    readonly url: string,
  ) {}

  static async to(url: string): Promise<CuttableWay> {
    const target = new URL(url);
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const way = new CuttableWay(server, url.replace(target.host, `127.0.0.1:${port}`));
    server.on("connection", (near) => {
      if (way.isClosed) {
        near.destroy();
        return;
      }
      const far = connect(Number(target.port), target.hostname);
      near.on("data", (bytes: Buffer) => way.spring(way.traps.there, bytes));
      far.on("data", (bytes: Buffer) => way.spring(way.traps.back, bytes));
      for (const [one, other] of [
        [near, far],
        [far, near],
      ]) {
        way.sockets.set(one, other);
        one
          .on("error", () => undefined)
          .on("close", () => {
            way.sockets.delete(one);
            other.destroy();
          });
        if (way.isSilent) one.pause();
        else one.pipe(other);
      }
    });
    return way;
  }

  /** Cuts what is there; new connections are let through. */
  cut(): void {
    this.isSilent = false;
    for (const socket of [...this.sockets.keys()]) socket.destroy();
  }

  /** Cuts once such bytes are on their way to the server, which does not get them; resolves then. */
  cutAt(text: string): Promise<void> {
    return this.trap(this.traps.there, text, () => this.cut());
  }

  /** Cuts once such bytes have come from the server, and have gone on; resolves then. */
  cutBehind(text: string): Promise<void> {
    return this.trap(this.traps.back, text, () => setImmediate(() => this.cut()));
  }

  /** Lets nobody through until {@link open}. */
  close(): void {
    this.isClosed = true;
    this.cut();
  }

  open(): void {
    this.isClosed = false;
  }

  /** Nothing gets through any more, of new connections neither, and nobody is told, until it is cut or goes on. */
  stall(): void {
    this.isSilent = true;
    for (const socket of this.sockets.keys()) socket.unpipe().pause();
  }

  /** What was stalled gets through after all. */
  goOn(): void {
    if (!this.isSilent) return;
    this.isSilent = false;
    for (const [socket, other] of this.sockets) socket.pipe(other);
  }

  private trap(traps: Set<Trap>, text: string, spring: () => void): Promise<void> {
    return new Promise((resolve) => {
      const trap: Trap = {
        text,
        spring: () => {
          traps.delete(trap);
          spring();
          resolve();
        },
      };
      traps.add(trap);
    });
  }

  private spring(traps: ReadonlySet<Trap>, bytes: Buffer): void {
    for (const trap of [...traps]) if (bytes.includes(trap.text)) trap.spring();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.server.close();
    await once(this.server, "close");
  }
}
