import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as plainly } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../project-root.js";
import type { TestCertificates } from "../transports/test-certificates.js";

type Command = [name: string, first: string[], second: string[], env?: Record<string, string>, last?: string[]];
type Ports = Record<string, number>;

interface Script {
  readonly servers: Record<
    ServerName,
    {
      readonly ports: readonly string[];
      isThere(): boolean;
      url(ports: Ports): string;
      start(folder: string, ports: Ports): Command[];
    }
  >;
}

export type ServerName = "redis" | "rabbitmq" | "activemq" | "nats";

const { servers } = (await import(pathToFileURL(join(projectRoot, "scripts", "brokers.mjs")).href)) as Script;

/** What makes of a server's way to be started one with TLS, at that port. */
const secured: Record<
  ServerName,
  (commands: Command[], folder: string, port: number, certificates: TestCertificates) => Command[]
> = {
  redis([[name, first, second]], _folder, port, { server, caFile }) {
    const files = ["--tls-cert-file", server.certFile, "--tls-key-file", server.keyFile, "--tls-ca-cert-file", caFile];
    return [[name, first, [...second, "--tls-port", String(port), ...files, "--tls-auth-clients", "optional"]]];
  },
  nats([[name, first, second]], _folder, port, { server }) {
    const files = ["--tls", "--tlscert", server.certFile, "--tlskey", server.keyFile];
    return [[name, first, [...second, "-p", String(port), ...files]]];
  },
  rabbitmq(commands, folder, port, { server, caFile }) {
    const lines = [
      `listeners.ssl.default = 127.0.0.1:${port}`,
      `ssl_options.cacertfile = ${caFile}`,
      `ssl_options.certfile = ${server.certFile}`,
      `ssl_options.keyfile = ${server.keyFile}`,
      "ssl_options.verify = verify_none",
    ];
    writeFileSync(join(folder, "rabbitmq.conf"), `${lines.join("\n")}\n`);
    return commands;
  },
  activemq(commands, folder, port, { server }) {
    const store = join(folder, "server.p12");
    const out = ["-out", store, "-passout", "pass:interproc"];
    const files = ["-in", server.certFile, "-inkey", server.keyFile];
    const { status, stderr } = spawnSync("openssl", ["pkcs12", "-export", ...files, ...out], { encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl pkcs12: ${stderr}`);
    const file = join(folder, "conf", "activemq.xml");
    const context = `<sslContext><sslContext keyStore="file:${store}" keyStorePassword="interproc" keyStoreType="PKCS12"/></sslContext>`;
    const connector = `<transportConnector name="stomps" uri="stomp+ssl://127.0.0.1:${port}"/></transportConnectors>`;
    const xml = readFileSync(file, "utf8")
      .replace("<transportConnectors>", `${context}<transportConnectors>`)
      .replace("</transportConnectors>", connector);
    writeFileSync(file, xml);
    return commands;
  },
};

/** A server of a test's own, that speaks TLS on a free port of this machine. */
export class SecureServer implements Disposable {
  /** With its credentials, and the scheme of an encrypted connection. */
  readonly url: string;
  private readonly children: ChildProcess[] = [];

  private constructor(
    url: string,
    readonly folder: string,
    private readonly port: number,
  ) {
    this.url = url;
  }

  static isThere(name: ServerName): boolean {
    return servers[name].isThere();
  }

  /** Starts it and waits until it shows its certificate. */
  static async start(name: ServerName, certificates: TestCertificates): Promise<SecureServer> {
    const { ports: wanted, start, url } = servers[name];
    const ports: Ports = {};
    for (const one of wanted) ports[one] = await freePort();
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), `interproc-${name}-`));
    const plain = new URL(url({ ...ports, port }));
    const secure = plain.href.replace(/^(\w+):/, "$1s:").replace(/\/$/, "");
    const server = new SecureServer(secure, folder, port);
    process.once("exit", () => server[Symbol.dispose]());
    const log = openSync(join(folder, "output.log"), "a");
    for (const [command, first, second, env = {}, last = []] of secured[name](
      start(folder, ports),
      folder,
      port,
      certificates,
    )) {
      const args = [...first, ...second, ...last];
      const options: SpawnOptions = { detached: true, stdio: ["ignore", log, log], env: { ...process.env, ...env } };
      server.children.push(spawn(command, args, options));
    }
    await server.answers(name, certificates.ca);
    return server;
  }

  [Symbol.dispose](): void {
    for (const { pid } of this.children.splice(0).reverse()) {
      try {
        // its group: servers are begun by scripts
        if (pid !== undefined) process.kill(-pid, "SIGKILL");
      } catch {
        // it has ended by itself
      }
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  private async answers(name: ServerName, ca: string): Promise<void> {
    while (!(await this.greets(name, ca))) {
      if (this.children.some(({ exitCode }) => exitCode !== null))
        throw new Error(`${name} ended: ${readFileSync(join(this.folder, "output.log"), "utf8").slice(-2000)}`);
      await sleep(50);
    }
  }

  /** NATS begins without TLS: that it accepts is enough there. */
  private async greets(name: ServerName, ca: string): Promise<boolean> {
    const to = { host: "127.0.0.1", port: this.port };
    const socket = name === "nats" ? plainly(to) : connect({ ...to, ca });
    try {
      await once(socket, name === "nats" ? "connect" : "secureConnect");
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
