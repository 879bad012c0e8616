import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket } from "node:tls";
import { watchdog } from "../contract/connection-kind.js";
import { TestCertificates } from "./test-certificates.js";

describe("certificates for tests", { ...watchdog, skip: TestCertificates.missing }, () => {
  let certificates: TestCertificates;
  let stranger: TestCertificates;
  let server: Server;

  before(async () => {
    certificates = new TestCertificates();
    stranger = new TestCertificates();
    const { ca } = certificates;
    const { cert, key } = certificates.server;
    server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, (socket) => {
      socket.on("error", () => undefined);
      socket.end(String(socket.getPeerCertificate().subject.CN));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  after(async () => {
    await new Promise((done) => server.close(done));
    certificates[Symbol.dispose]();
    stranger[Symbol.dispose]();
    assert.ok(!existsSync(certificates.caFile));
  });

  /** What the server says to a client, and the serial number of the server's certificate. */
  async function greeting(options: ConnectionOptions): Promise<[string, string]> {
    const { port } = server.address() as AddressInfo;
    const socket: TLSSocket = connect({ port, host: "127.0.0.1", servername: "localhost", ...options });
    try {
      await once(socket, "secureConnect");
      const { serialNumber } = socket.getPeerCertificate();
      const said = (await socket.toArray()).join("");
      // a server that refuses a client of TLS 1.3 does so when the client believes itself connected
      if (said === "") throw Object.assign(new Error("the server hung up"), { code: "ECONNRESET" });
      return [said, serialNumber];
    } finally {
      socket.destroy();
    }
  }
  const client = ({ ca, client: { cert, key } }: TestCertificates): ConnectionOptions => ({ ca, cert, key });

  test("smoke: server and client prove to each other who they are", async () => {
    assert.deepEqual(await greeting(client(certificates)), ["interproc test client", "01"]);
  });

  test("the server's names are localhost, 127.0.0.1 and ::1, and no others", () => {
    const cert = new X509Certificate(certificates.server.cert);
    assert.deepEqual(
      [cert.checkHost("localhost"), cert.checkIP("127.0.0.1"), cert.checkIP("::1"), cert.checkHost("example.com")],
      ["localhost", "127.0.0.1", "::1", undefined],
    );
  });

  test("a client without a certificate, with one of another authority, or that trusts another one, is refused", async () => {
    const { ca } = certificates;
    const { cert, key } = stranger.client;
    await assert.rejects(greeting({ ca }), { code: /ERR_SSL|ECONNRESET/ });
    await assert.rejects(greeting({ ca, cert, key }), { code: /ERR_SSL|ECONNRESET/ });
    await assert.rejects(greeting({ ...client(certificates), ca: stranger.ca }), { code: /SIGNED|UNABLE/ });
  });

  test("a second generation replaces the files, is of the same authority, and is seen by new connections", async () => {
    const old = certificates.server;
    certificates.renew();
    const { cert, key, certFile, keyFile } = certificates.server;
    assert.deepEqual([certFile, keyFile], [old.certFile, old.keyFile]);
    assert.notEqual(key, old.key);
    assert.equal(readFileSync(certFile, "utf8"), cert);
    assert.equal((await greeting(client(certificates)))[1], "01");
    server.setSecureContext({ ca: certificates.ca, cert, key });
    assert.equal((await greeting(client(certificates)))[1], "03");
  });
});
