import type { AsyncConnection } from "../channel.js";
import type { Listener } from "../transports/listener.js";
import type { Registry } from "./manager-registry.js";
import { serveSession } from "./manager-session.js";
import type { TokenAddress } from "./manager-token.js";
import { ServedObjects } from "./served-objects.js";

/** Objects that are served to Python's programs; made by `serveManager`. It keeps the process alive until it is closed, or `unref()`. */
export class ManagerServer implements AsyncDisposable {
  private readonly objects = new ServedObjects();
  private readonly connections = new Set<AsyncConnection>();
  private holdsLoop = true;

  /** @internal use `serveManager()` */
  constructor(
    private readonly listener: Listener,
    registry: Registry,
    address: TokenAddress,
  ) {
    void this.serve({ registry, objects: this.objects, address });
  }

  /** Where it listens, as an url, with the port that was picked for port 0. */
  get address(): string {
    return this.listener.address;
  }

  get closed(): boolean {
    return this.listener.closed;
  }

  /** How many objects clients have references to. */
  get numberOfObjects(): number {
    return this.objects.count;
  }

  /** Serving keeps the process alive, as at first. */
  ref(): this {
    this.holdsLoop = true;
    this.listener.ref();
    for (const conn of this.connections) conn.ref();
    return this;
  }

  unref(): this {
    this.holdsLoop = false;
    this.listener.unref();
    for (const conn of this.connections) conn.unref();
    return this;
  }

  /** Ends all connections; calls of clients that wait raise EOFError there. Allowed twice. */
  async close(): Promise<void> {
    await this.listener.close();
    for (const conn of this.connections) conn.close();
    this.objects.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async serve(serving: Parameters<typeof serveSession>[1]): Promise<void> {
    for await (const conn of this.listener as AsyncIterable<AsyncConnection>) {
      this.connections.add(conn);
      if (!this.holdsLoop) conn.unref();
      // how one client's connection ends is nobody else's business: it is told by its own end of file
      void serveSession(conn, serving)
        .catch(() => undefined)
        .finally(() => this.connections.delete(conn));
    }
  }
}
