import type { AsyncConnection } from "../channel.js";

/** So many that are not in use are kept. */
const KEPT_IDLE = 8;

/** A connection that is used, and whether it can be used again. */
export interface Use<T> {
  readonly value: T;
  readonly isReusable: boolean;
}

/**
 * Connections for the calls of objects of a manager. Python serves each in a thread of its own, one call after another: so
 * calls that run at once take one each. With `isSingle` there is one, and the calls wait for each other.
 */
export class CallConnections {
  private readonly idle: AsyncConnection[] = [];
  private readonly used = new Set<AsyncConnection>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly open: () => Promise<AsyncConnection>,
    private readonly isSingle: boolean,
  ) {}

  use<T>(run: (conn: AsyncConnection) => Promise<Use<T>>): Promise<T> {
    if (!this.isSingle) return this.useNow(run);
    const next = this.last.then(() => this.useNow(run));
    this.last = next.catch(() => undefined);
    return next;
  }

  close(): void {
    for (const conn of [...this.idle.splice(0), ...this.used]) conn.close();
  }

  private async useNow<T>(run: (conn: AsyncConnection) => Promise<Use<T>>): Promise<T> {
    const conn = await this.take();
    this.used.add(conn);
    let isReusable = false;
    try {
      const use = await run(conn);
      isReusable = use.isReusable;
      return use.value;
    } finally {
      this.used.delete(conn);
      if (isReusable && !conn.closed && this.idle.length < KEPT_IDLE) this.idle.push(conn);
      else conn.close();
    }
  }

  private async take(): Promise<AsyncConnection> {
    for (let conn = this.idle.pop(); conn; conn = this.idle.pop()) {
      // nothing is to come while nobody calls: if something is there, it is the end of a manager that has gone
      if (!(await conn.poll().catch(() => true))) return conn;
      conn.close();
    }
    return this.open();
  }
}
