import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import { SystemError } from "../../errors.js";
import type { TlsOptions } from "../../transports/connection-options.js";
import { systemFailure } from "../../transports/system-failure.js";
import { clientTls } from "../../transports/tls-settings.js";
import { redact } from "../broker-url.js";
import { failureOf } from "./gateway-failure.js";

/** What a request sends besides its method and path. */
export interface Sending {
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

const CUT = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ECONNABORTED", "ETIMEDOUT"]);
const MOST_ANSWER = 512 << 20;

/** Requests to one gateway. A connection keeps the process alive only while a request is under way on it. */
export class GatewayCalls {
  private readonly agent: Agent;
  private readonly ask: typeof httpRequest;

  constructor(
    private readonly base: URL,
    private readonly token: string | undefined,
    readonly shown: string,
    tls: TlsOptions = {},
  ) {
    const isTls = base.protocol === "https:";
    this.agent = isTls
      ? new TlsAgent({ keepAlive: true, ...clientTls(tls, base.hostname.replace(/^\[|\]$/g, "")) })
      : new Agent({ keepAlive: true });
    this.ask = isTls ? httpsRequest : httpRequest;
  }

  /** Sends a request; gives the JSON of the answer. @throws what the gateway says as an error of ours; SystemError */
  async json<R>(method: string, path: string, operation: string, sending: Sending = {}): Promise<R> {
    const response = await this.send(method, path, operation, sending);
    const parts: Buffer[] = [];
    let length = 0;
    try {
      for await (const part of response as AsyncIterable<Buffer>) {
        length += part.length;
        if (length > MOST_ANSWER) throw new SystemError(`${operation}: the answer has more than ${MOST_ANSWER} bytes`);
        parts.push(part);
      }
    } catch (error) {
      throw this.systemFailure(error, operation);
    }
    const body = Buffer.concat(parts);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw failureOf(status, body, operation, this.shown);
    if (body.length === 0) return undefined as R;
    try {
      return JSON.parse(body.toString()) as R;
    } catch (cause) {
      throw new SystemError(`${operation}: what answers is no gateway: no JSON came`, { resource: this.shown, cause });
    }
  }

  /** Opens a stream of events. */
  async stream(path: string, operation: string): Promise<IncomingMessage> {
    const response = await this.send("GET", path, operation, {});
    if (response.statusCode === 200) return response;
    const parts: Buffer[] = [];
    for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
    throw failureOf(response.statusCode ?? 0, Buffer.concat(parts), operation, this.shown);
  }

  close(): void {
    this.agent.destroy();
  }

  /** Whether the connection was lost, or nobody listens there at the moment. */
  static isCut(error: unknown): boolean {
    return error instanceof SystemError && error.errno !== undefined && CUT.has(error.errno);
  }

  private async send(method: string, path: string, operation: string, sending: Sending): Promise<IncomingMessage> {
    const body = sending.json === undefined ? undefined : Buffer.from(JSON.stringify(sending.json));
    const options: RequestOptions = {
      ...{ method, agent: this.agent, signal: sending.signal },
      headers: {
        ...sending.headers,
        accept: "application/json, text/event-stream",
        ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
        ...(body && { "content-type": "application/json", "content-length": body.length }),
      },
    };
    try {
      return await new Promise((resolve, reject) => {
        const url = new URL(this.base.pathname.replace(/\/$/, "") + path, this.base);
        const request = this.ask(url, options, resolve);
        request.once("error", reject);
        request.end(body);
      });
    } catch (error) {
      throw this.systemFailure(error, operation);
    }
  }

  private systemFailure(error: unknown, operation: string): Error {
    const { code, message, name } = error as NodeJS.ErrnoException;
    if (error instanceof SystemError) return error;
    if (code !== undefined && name !== "AbortError") return systemFailure(error, operation, this.shown);
    return new SystemError(`${operation}: ${redact(message)}`, { resource: this.shown, cause: error });
  }
}
