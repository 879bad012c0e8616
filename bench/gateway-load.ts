import { request } from "node:http";
import { type Asked, type GatewayQuestion, gatewayRequests } from "./gateway-question.js";
import { startPartner } from "./partner.js";
import { loadPeerPackage } from "./peer-packages.js";
import type { Figures } from "./rounds.js";
import { percentile } from "./statistics.js";

interface Client {
  on(event: "response", listener: (status: number, bytes: number, ms: number) => void): void;
}
interface Result {
  readonly errors: number;
  readonly timeouts: number;
  readonly non2xx: number;
}
type Autocannon = (
  options: object,
  done: (error: Error | null, result: Result) => void,
) => { on(event: "response", listener: (client: Client, status: number, bytes: number, ms: number) => void): void };

/** Puts load on the server that this program is as a partner; see `answer`. The partner tells its url by a message. */
export async function measureLoad(question: GatewayQuestion): Promise<Figures> {
  const partner = startPartner(question);
  const url = await new Promise<string>((resolve) => partner.once("message", (told) => resolve(String(told))));
  await valueBy(url, "PUT", '{"kind":"f64","value":0}');
  const connections = Number.parseInt(question.mode, 10);
  const asked = gatewayRequests[question.measure];
  await round(url, asked, connections, Math.max(0.5, question.seconds / 4));
  const before = await valueBy(url, "GET");
  const { micros, took, failed } = await round(url, asked, connections, question.seconds);
  if (micros.length === 0) throw new Error(`no request was answered by 2xx, and ${failed} were by something else`);
  const added = (await valueBy(url, "GET")) - before;
  // at the end of a round each connection may have one under way, whose answer nobody counts
  if (question.measure === "add" && (added < micros.length || added > micros.length + connections))
    throw new Error(`${micros.length} additions were answered, and ${added} were made`);
  partner.kill("SIGTERM");
  micros.sort();
  return {
    callsPerSecond: micros.length / took,
    p50Micros: percentile(micros, 50),
    p99Micros: percentile(micros, 99),
    errors: failed,
    calls: micros.length,
    seconds: took,
  };
}

const json = { "content-type": "application/json" };

/** The value, after a request of whose connection nothing is left for the next one. */
function valueBy(url: string, method: "GET" | "PUT", body = ""): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/values/bench-value`, { method, agent: false, ...(body && { headers: json }) });
    sent.once("error", reject);
    sent.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.once("end", () => {
        if (response.statusCode !== 200) reject(new Error(`the value: ${response.statusCode} ${text}`));
        else resolve((JSON.parse(text) as { value: number }).value);
      });
    });
    sent.end(body);
  });
}

/** Loads a server for so many seconds; every request that was answered by 2xx is timed by itself, any other is an error. */
function round(
  url: string,
  asked: readonly Asked[],
  connections: number,
  seconds: number,
): Promise<{ micros: Float64Array; took: number; failed: number }> {
  const autocannon = loadPeerPackage<Autocannon>("autocannon");
  const requests = asked.map(({ path, ...rest }) => ({ ...rest, path, ...(rest.body && { headers: json }) }));
  return new Promise((resolve, reject) => {
    const micros: number[] = [];
    const begin = performance.now();
    const options = { url, connections, requests, duration: Math.ceil(seconds), pipelining: 1 };
    const running = autocannon(options, (error, { errors, timeouts, non2xx }) => {
      if (error) return reject(error);
      const took = (performance.now() - begin) / 1000;
      resolve({ micros: Float64Array.from(micros), took, failed: errors + timeouts + non2xx });
    });
    running.on("response", (_client, status, _bytes, ms) => {
      if (status >= 200 && status < 300) micros.push(ms * 1000);
    });
  });
}
