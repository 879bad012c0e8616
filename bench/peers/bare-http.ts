import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answer } from "../answer.js";
import { measureLoad } from "../gateway-load.js";
import type { GatewayQuestion } from "../gateway-question.js";

/* What the gateway's answers cost at least: node:http, a body that is parsed, an array as the queue, a number as the value. */
const jobs: unknown[] = [];
let value = 0;

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "", url = "" } = request;
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = parts.length > 0 ? (JSON.parse(Buffer.concat(parts).toString()) as unknown) : undefined;
  if (url === "/queues/bench-jobs" && method === "POST") {
    jobs.push(body);
    return void response.writeHead(201).end();
  }
  if (url.startsWith("/queues/bench-jobs")) {
    const job = jobs.shift();
    if (job === undefined) return void response.writeHead(204).end();
    return say(response, job);
  }
  if (url === "/topics/bench-news") return void response.writeHead(204).end();
  if (method === "PUT") ({ value } = body as { value: number });
  if (method === "POST") value += (body as { add: number }).add;
  say(response, { kind: "f64", value });
}

function say(response: ServerResponse, answer: unknown): void {
  const text = JSON.stringify(answer);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) }).end(text);
}

answer<GatewayQuestion>(measureLoad, () => {
  const server = createServer((request, response) => void serve(request, response)).listen(0, "127.0.0.1", () => {
    process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  const end = (): never => process.exit();
  process.once("SIGTERM", end);
  process.once("disconnect", end);
});
