import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { loadPeerPackage } from "../peer-packages.js";
import type { BenchedMap, MapValue } from "./benched-map.js";

interface Client {
  on(event: "error", listener: (error: Error) => void): void;
  connect(): Promise<unknown>;
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<unknown>;
  destroy(): void;
}

/** Why there is no Redis to measure; undefined when there is one. */
export function redisProblem(): string | undefined {
  if (spawnSync("redis-server", ["--version"]).status === 0) return undefined;
  return "Redis: there is no redis-server on this machine (on Debian or Ubuntu: apt-get install redis-server)";
}

/** Starts a Redis server that keeps nothing on disk, on a free port of the loopback; it ends with this program. */
export async function startRedis(): Promise<{ port: number; server: ChildProcess }> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const chunk of server.stdout.setEncoding("utf8")) {
    said += chunk;
    if (said.includes("Ready to accept connections")) break;
  }
  return { port, server };
}

/** Values are JSON, or a number as text, as a program keeps them in Redis. */
export async function openRedisMap(port: number, value: "number" | "object"): Promise<BenchedMap> {
  const { createClient } = loadPeerPackage<{ createClient(options: object): Client }>("@redis/client");
  const client = createClient({ socket: { host: "127.0.0.1", port } });
  client.on("error", (error) => {
    throw error;
  });
  await client.connect();
  const decode = value === "number" ? Number : (text: string): MapValue => JSON.parse(text);
  return {
    async get(key) {
      const text = await client.get(key);
      return text === null ? undefined : decode(text);
    },
    set: (key, value) => client.set(key, JSON.stringify(value)),
    close: () => client.destroy(),
  };
}
