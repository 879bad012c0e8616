import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../errors.js";
import type { GatewayToken } from "../gateway/gateway-options.js";
import { serveGateway } from "../gateway/serve-gateway.js";
import { Failure } from "./failure.js";
import { interruptible } from "./interruption.js";

export interface GatewayCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly tokenFile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly queues: string;
  readonly topics: string;
  readonly clientCa?: string;
  readonly origin?: readonly string[];
  readonly api?: string;
  readonly json?: boolean;
}

/** Serves the gateway until it is interrupted. */
export async function gatewayCommand(options: GatewayCommandOptions): Promise<number> {
  const { port, host, tokenFile, cert, key, clientCa, queues, topics, origin, api, json } = options;
  if ((cert === undefined) !== (key === undefined)) throw new Failure("--cert and --key go together", 2);
  if (clientCa !== undefined && cert === undefined) throw new Failure("--client-ca goes with --cert and --key", 2);
  const server = await serveGateway({
    ...{ port, host, queues, topics },
    ...(origin !== undefined && { origins: origin }),
    ...(api !== undefined && { api: await moduleAt(api) }),
    ...(tokenFile !== undefined && { tokens: tokensIn(tokenFile) }),
    ...(cert !== undefined &&
      key !== undefined && {
        tls: { cert: textOf(cert), key: textOf(key), ...(clientCa !== undefined && { ca: textOf(clientCa) }) },
      }),
  });
  process.stdout.write(json ? `${JSON.stringify({ url: server.url, port: server.port })}\n` : `${server.url}\n`);
  try {
    await interruptible(
      (signal) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
    );
  } finally {
    await server.close();
  }
  return 0;
}

/** A line is a token that may do everything; a file that is JSON is a list of tokens with their rights. */
function tokensIn(file: string): (string | GatewayToken)[] {
  const text = textOf(file).trim();
  if (!text.startsWith("[")) return text.split(/\s*\n\s*/).filter((line) => line !== "" && !line.startsWith("#"));
  try {
    return JSON.parse(text) as GatewayToken[];
  } catch {
    // what is in it is a secret, also from the terminal
    throw new UsageError(`${file} begins with [ and is no JSON; allowed: a list of tokens, or a token in each line`);
  }
}

/** What a module exports. */
async function moduleAt(path: string): Promise<object> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as object;
  } catch (error) {
    throw new Failure(`${path} cannot be loaded: ${(error as Error).message}`);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
