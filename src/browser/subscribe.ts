import type { AsyncSubscription } from "../async-topic.js";
import { BodyCodec } from "../brokers/body-codec.js";
import { bounded, Closing } from "../brokers/bounds.js";
import { DrivenSubscription } from "../brokers/driven-subscription.js";
import type { WaitOptions } from "../deadline.js";
import { SystemError, UsageError } from "../errors.js";
import type { StandardSchema } from "../transports/standard-schema.js";
import type { PageSocket } from "./page-link.js";
import { type PageClose, PageSubscription } from "./page-subscription.js";

/** `timeout` and `signal` bound the call: until the gateway has subscribed. */
export interface SubscribeOptions<T = unknown> extends WaitOptions {
  /** Words with dots between them: `*` is one word, `#` any number of them. Default `#`. */
  pattern?: string;
  /** The token of the gateway. It goes with the WebSocket's handshake. */
  token?: string;
  /** Checks, and may change, what comes. */
  schema?: StandardSchema<T>;
}

interface Platform {
  readonly WebSocket?: new (url: string, protocols: readonly string[]) => PageSocket;
}

/**
 * Subscribes a page to a topic at a gateway, `http://host:port/topics/NAME` or `https://…`, over a WebSocket. It sees what is
 * published once this has resolved, with its value whole: what structured clone takes. The page must be of the gateway's own
 * origin or of its `origins`. To publish, `fetch` by POST.
 *
 * A page cannot be asked to wait: of what nobody takes, 16 MiB or 10,000 messages are kept, and `missed` counts the rest. When
 * the gateway closes, loops end and `get()` rejects with ClosedError; when the connection is lost, both with SystemError.
 *
 * @throws SystemError when it does not come to be, which a browser does not explain: nobody is there, the token or the origin
 * @throws UsageError, TimeoutError
 * @example
 * import { subscribe } from "interproc/browser";
 * const prices = await subscribe<number>("http://127.0.0.1:8080/topics/prices", { pattern: "eu.#" });
 * for await (const price of prices) console.log(price);
 */
export async function subscribe<T = unknown>(
  url: string,
  options: SubscribeOptions<T> = {},
): Promise<AsyncSubscription<T>> {
  const { pattern = "#", token, schema, timeout, signal } = options;
  const label = `subscribe() to ${String(url)}`;
  if (typeof url !== "string" || !/^https?:\/\/[^/@?#]+(\/[^?#]*)?\/topics\/[^/?#]+$/.test(url))
    throw new UsageError(`${label}; allowed: http://host:port/topics/NAME, https://…, of a gateway`);
  if (token !== undefined && !/^[\w.~+/=-]{1,1024}$/.test(token))
    throw new UsageError(`${label}: the token is not allowed; allowed: A-Z a-z 0-9 - . _ ~ + / =`);
  const { WebSocket } = globalThis as unknown as Platform;
  if (!WebSocket) throw new UsageError(`${label}: there is no global WebSocket here`);
  const bodies = new BodyCodec<T>(schema === undefined ? {} : { schema }, label);
  const protocols = [
    "interproc.topic.frames",
    ...(token === undefined ? [] : [`interproc.bearer.${base64url(token)}`]),
  ];
  const place = `${url.replace(/^http/, "ws")}?pattern=${encodeURIComponent(pattern)}`;
  return bounded(
    label,
    { ...(timeout !== undefined && { timeout }), ...(signal !== undefined && { signal }) },
    new Closing(),
    async (bounds) => {
      const socket = new WebSocket(place, protocols);
      bounds.onGiveUp = () => socket.close();
      const driver = await opened(socket, label);
      bounds.onGiveUp = undefined;
      return new DrivenSubscription<T>(label, pattern, driver, bodies, 1, () => undefined);
    },
    (late) => void late.close(),
  );
}

/** The subscription, once the gateway has said that it is open. */
function opened(socket: PageSocket, label: string): Promise<PageSubscription> {
  socket.binaryType = "arraybuffer";
  const driver = new PageSubscription(socket, label);
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") resolve(driver);
      else driver.add(new Uint8Array(data as ArrayBuffer));
    });
    socket.addEventListener("close", (event?: unknown) => {
      driver.ended(event as PageClose);
      const why = "nobody is there, the token is wrong, or the gateway is not for pages of this origin (origins)";
      reject(
        new SystemError(`${label} failed, and a browser does not say why: ${why}`, {
          ...{ errno: "ECONNREFUSED", syscall: "connect" },
        }),
      );
    });
  });
}

const base64url = (text: string): string => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
