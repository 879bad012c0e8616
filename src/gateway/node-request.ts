import type { IncomingMessage } from "node:http";
import { Problem } from "./problem.js";

const BEARER_PROTOCOL = /^interproc\.bearer\.([\w-]{1,1400})$/;

/** A request of Node's server as the web has them. @throws Problem 400, 405, 500 */
export function nodeRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", rawHeaders } = incoming;
  // who mounts a handler below a path may cut that path off, and keeps the whole one here
  const url = (incoming as { originalUrl?: string }).originalUrl ?? incoming.url ?? "";
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
  if (hosts.length !== 1) throw new Problem(400, "there must be one Host");
  if (!url.startsWith("/")) throw new Problem(400, "the target is no path");
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i], rawHeaders[i + 1]];
    if (name.toLowerCase() === "authorization" && headers.has(name))
      throw new Problem(400, "there may be one Authorization");
    headers.append(name, value);
  }
  const token = tokenOf(headers.get("sec-websocket-protocol"));
  if (token !== undefined && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
  const hasBody =
    !["GET", "HEAD"].includes(method) &&
    (Number(headers.get("content-length") ?? 0) > 0 || headers.has("transfer-encoding"));
  if (hasBody && incoming.readableDidRead)
    throw new Problem(500, "the body was read before the gateway got it; it must come before what parses bodies");
  try {
    return new Request(`http://gateway${url}`, {
      ...{ method, headers, signal },
      ...(hasBody && { body: bodyOf(incoming), duplex: "half" as const }),
    });
  } catch {
    // methods that the web's requests may not have, such as TRACE
    throw new Problem(405, `the method is ${method}; allowed: GET, POST, PUT, DELETE`);
  }
}

/** Its body. What is cancelled is read and dropped, so that the connection serves the next request: `nodeAnswer` bounds that. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let isOpen = true;
  return new ReadableStream({
    start(controller) {
      incoming.on("data", (part: Uint8Array) => {
        if (!isOpen) return;
        controller.enqueue(part);
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
      });
      incoming.once("end", () => {
        if (isOpen) controller.close();
        isOpen = false;
      });
      incoming.once("close", () => {
        if (isOpen) controller.error(new Problem(400, "the body has broken off"));
        isOpen = false;
      });
      incoming.on("error", () => undefined); // its close comes next
      incoming.pause();
    },
    pull() {
      incoming.resume();
    },
    cancel() {
      isOpen = false;
      incoming.resume();
    },
  });
}

/** Pages cannot say a header with a WebSocket, but subprotocols: one of them may be a token. */
function tokenOf(protocols: string | null): string | undefined {
  for (const one of protocols?.split(",") ?? []) {
    const [, encoded] = BEARER_PROTOCOL.exec(one.trim()) ?? [];
    if (encoded !== undefined) return Buffer.from(encoded, "base64url").toString("latin1");
  }
  return undefined;
}
