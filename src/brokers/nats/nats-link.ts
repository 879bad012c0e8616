import type { JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection as Driver, Msg, MsgHdrs } from "@nats-io/transport-node";
import { UsageError } from "../../errors.js";
import { Cut, Refusal } from "./nats-failure.js";

/** What has not answered by then is asked again. */
const PATIENCE_MS = 10_000;

/** What the server answers to what was published into a stream. */
interface Published {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code: number; readonly description: string };
}

/** One connection, from its beginning to its end. */
export class NatsLink {
  private readonly cuts = new Set<(error: Cut) => void>();

  constructor(
    readonly driver: Driver,
    readonly manager: JetStreamManager,
    /** The server may have forgotten deliveries of what it had before that (ms since 1970 by its clock); see serverSince. */
    readonly since = Number.NEGATIVE_INFINITY,
  ) {
    void driver.closed().then((error) => {
      // in the order in which they were asked: so they are asked again
      for (const cut of this.cuts) cut(new Cut(`the connection was lost${error ? `: ${error.message}` : ""}`));
    });
  }

  /** The same, or a Cut when the connection ends first. */
  until<R>(work: Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      this.cuts.add(reject);
      const end = (): void => void this.cuts.delete(reject);
      work.then(
        (value) => {
          end();
          resolve(value);
        },
        (error) => {
          end();
          reject(error);
        },
      );
    });
  }

  request(subject: string, data: Uint8Array | string, headers?: MsgHdrs): Promise<Msg> {
    return this.until(this.driver.request(subject, data, { timeout: PATIENCE_MS, headers }));
  }

  /** Publishes into whichever stream takes the subject, and waits until it has. @throws Refusal */
  async publish(subject: string, data: Uint8Array, headers: MsgHdrs, operation: string): Promise<void> {
    const most = this.driver.info?.max_payload ?? Number.POSITIVE_INFINITY;
    // the server would end the connection
    const bytes = data.length + headerBytes(headers);
    if (bytes > most)
      throw new UsageError(
        `${operation} of ${data.length} bytes, ${bytes} with what goes along; at most ${most} (the server's max_payload)`,
      );
    const { error } = (await this.request(subject, data, headers)).json<Published>();
    if (error) throw new Refusal(error.description, error.err_code);
  }
}

/** What headers take on the wire; the server counts them in. */
function headerBytes(headers: MsgHdrs): number {
  let bytes = "NATS/1.0\r\n\r\n".length;
  for (const [name, values] of headers) for (const value of values) bytes += Buffer.byteLength(`${name}: ${value}\r\n`);
  return bytes;
}
