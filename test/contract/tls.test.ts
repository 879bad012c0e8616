import { after } from "node:test";
import { TestCertificates } from "../transports/test-certificates.js";
import { everyConnection } from "./connection.js";
import { meeting } from "./meeting.js";

if (TestCertificates.missing === false) {
  const certificates = new TestCertificates();
  after(() => certificates[Symbol.dispose]());
  const { ca, server, client } = certificates;
  const oneSided = { listening: { tls: server }, connecting: { tls: { ca } } };
  const mutual = { listening: { tls: { ...server, ca } }, connecting: { tls: { ...client, ca } } };
  everyConnection(meeting({ name: "tls", url: "tls://localhost:0", ...oneSided }));
  everyConnection(meeting({ name: "tls, mutual", url: "tls://127.0.0.1:0", ...mutual }));
  everyConnection(meeting({ name: "wss", url: "wss://localhost:0", ...oneSided }));
}
