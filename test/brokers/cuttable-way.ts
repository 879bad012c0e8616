import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that can be cut, closed for a while, or stopped without a word. */
export class CuttableWay implements AsyncDisposable {
  /** Each with the one on the other side. */
  private readonly sockets = new Map<Socket, Socket>();
  private isClosed = false;

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
        one.pipe(other);
      }
    });
    return way;
  }

  /** Cuts what is there; new connections are let through. */
  cut(): void {
    for (const socket of [...this.sockets.keys()]) socket.destroy();
  }

  /** Lets nobody through until {@link open}. */
  close(): void {
    this.isClosed = true;
    this.cut();
  }

  open(): void {
    this.isClosed = false;
  }

  /** Nothing gets through any more, and nobody is told, until it is cut or goes on. */
  stall(): void {
    for (const socket of this.sockets.keys()) socket.unpipe().pause();
  }

  /** What was stalled gets through after all. */
  goOn(): void {
    for (const [socket, other] of this.sockets) socket.pipe(other);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.server.close();
    await once(this.server, "close");
  }
}
