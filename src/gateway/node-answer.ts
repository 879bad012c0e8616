import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { nodeRequest } from "./node-request.js";
import { problemResponse } from "./problem-response.js";

/** Who still sends a body that nobody wants is closed after so long. */
const LINGER_MS = 500;

/** Answers a request of Node's server by a web-standard handler; whoever goes away aborts it. */
export async function nodeAnswer(
  handler: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  let request: Request | undefined;
  let response: Response;
  try {
    request = nodeRequest(incoming, gone.signal);
    response = await handler(request);
  } catch (error) {
    response = problemResponse(error);
  }
  if (outgoing.destroyed) {
    await response.body?.cancel();
    return;
  }
  if (!incoming.complete) {
    // the rest is dropped; closed at once, with something unread, the sender would never see the answer
    if (!request?.body?.locked) request?.body?.cancel().catch(() => undefined);
    outgoing.once("finish", () => {
      if (!request?.body) incoming.resume();
      setTimeout(() => incoming.complete || incoming.socket.destroy(), LINGER_MS).unref();
    });
  }
  const headers = [...response.headers].flat();
  if (response.body === null || response.headers.get("content-type") !== "text/event-stream") {
    const bytes = new Uint8Array(await response.arrayBuffer());
    // said beforehand, it is one write
    if (![204, 304].includes(response.status)) headers.push("content-length", String(bytes.length));
    outgoing.writeHead(response.status, headers).end(bytes);
    return;
  }
  outgoing.writeHead(response.status, headers);
  const reader = response.body.getReader();
  gone.signal.addEventListener("abort", () => void reader.cancel().catch(() => undefined), { once: true });
  // a stream's head is sent at once, whenever its first event comes
  outgoing.flushHeaders();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (gone.signal.aborted) return;
    if (!outgoing.write(next.value)) await once(outgoing, "drain", { signal: gone.signal }).catch(() => undefined);
  }
  outgoing.end();
}
