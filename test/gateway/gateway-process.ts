import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ServeGatewayOptions } from "interproc";

const program = fileURLToPath(new URL("../programs/serve-gateway.js", import.meta.url));

/** A gateway in a process of its own. */
export interface GatewayProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  end(signal?: NodeJS.Signals): Promise<void>;
}

export async function startGateway(options: ServeGatewayOptions = {}): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: url, done } = await lines.next();
  if (done) throw new Error("the gateway ended without a line");
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid as number,
    async end(signal = "SIGTERM") {
      child.kill(signal);
      await exited;
    },
  };
}
