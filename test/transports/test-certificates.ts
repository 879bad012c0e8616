import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key: as text, and the files they are in. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Whose certificate is made: its subject, and what it may be used for. */
const holders = {
  server: {
    subject: "/CN=localhost",
    extensions: [
      ["subjectAltName", "DNS:localhost,IP:127.0.0.1,IP:::1"],
      ["extendedKeyUsage", "serverAuth"],
    ],
  },
  client: { subject: "/CN=interproc test client", extensions: [["extendedKeyUsage", "clientAuth"]] },
} as const;

type Holder = keyof typeof holders;
const DAYS = ["-days", "2"];
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/**
 * Certificates of an authority of one's own in a folder for temporary files, for a test's time: of a server that is
 * called localhost, 127.0.0.1 and ::1, and of a client. Two of these do not trust each other.
 */
export class TestCertificates implements Disposable {
  /** Why there can be none on this machine; false when there can. */
  static readonly missing: string | false =
    spawnSync("openssl", ["version"]).status === 0 ? false : "there is no openssl command";

  readonly ca: string;
  readonly caFile: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "interproc-certificates-"));
  private serial = 1;
  private pairs: Record<Holder, KeyPair>;

  constructor() {
    this.caFile = this.file("ca.pem");
    this.openssl(
      ...["req", "-x509", ...NEW_KEY, ...DAYS, "-subj", "/CN=interproc test authority"],
      ...["-addext", "keyUsage=critical,keyCertSign", "-keyout", this.file("ca.key"), "-out", this.caFile],
    );
    this.ca = readFileSync(this.caFile, "utf8");
    this.pairs = { server: this.make("server"), client: this.make("client") };
  }

  get server(): KeyPair {
    return this.pairs.server;
  }

  get client(): KeyPair {
    return this.pairs.client;
  }

  /** A second generation of both, with keys of their own, of the same authority and in the same files. */
  renew(): void {
    this.pairs = { server: this.make("server"), client: this.make("client") };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private make(holder: Holder): KeyPair {
    const { subject, extensions } = holders[holder];
    const [request, config, cert, key] = ["csr", "ext", "new.pem", "new.key"].map((end) =>
      this.file(`${holder}.${end}`),
    );
    writeFileSync(config, extensions.map(([name, value]) => `${name}=${value}\n`).join(""));
    this.openssl("req", "-new", ...NEW_KEY, "-subj", subject, "-keyout", key, "-out", request);
    this.openssl(
      ...["x509", "-req", "-in", request, "-CA", this.caFile, "-CAkey", this.file("ca.key"), ...DAYS],
      ...["-set_serial", String(this.serial++), "-extfile", config, "-out", cert],
    );
    const [certFile, keyFile] = [this.file(`${holder}.pem`), this.file(`${holder}.key`)];
    // whoever watches a file sees the old one or the new one
    renameSync(key, keyFile);
    renameSync(cert, certFile);
    return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8"), certFile, keyFile };
  }

  private file(name: string): string {
    return join(this.folder, name);
  }

  private openssl(...args: string[]): void {
    const { status, stderr, error } = spawnSync("openssl", args, { encoding: "utf8", timeout: 60_000 });
    if (status !== 0) throw new Error(`openssl ${args.join(" ")}: ${error?.message ?? stderr}`);
  }
}
