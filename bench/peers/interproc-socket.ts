import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AsyncConnection, type ConnectionOptions, connect, listen } from "interproc";
import { answer } from "../answer.js";
import { startPartner } from "../partner.js";
import type { SocketQuestion } from "../socket-question.js";
import type { TallyCount } from "../tally.js";
import { answeringEnd, driveEnd } from "./interproc-ends.js";
import type { Wire } from "./interproc-modes.js";

/* Ours, through listen and connect; the rounds are counted over another connection. */
type Question = SocketQuestion & { url?: string; controlUrl?: string; ca?: string };

answer<Question>(
  async (question) => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-bench-"));
    const tls = question.transport === "tls" ? certificate(folder) : undefined;
    try {
      await using controls = await listen(`unix:${folder}/control`);
      await using listener = await listen(urlOf(question, folder), { ...codecFor(question), ...(tls && { tls }) });
      const partner = startPartner({
        ...question,
        url: listener.address,
        controlUrl: controls.address,
        ca: tls?.cert,
      });
      const wire = await listener.accept();
      const control = (await controls.accept()) as AsyncConnection<number, TallyCount>;
      const figures = await driveEnd(question, wire as Wire, control);
      control.close();
      wire.close();
      partner.kill("SIGTERM");
      return figures;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  async (question) => {
    const { url = "", controlUrl = "", ca } = question;
    const wire = await connect(url, { ...codecFor(question), ...(ca !== undefined && { tls: { ca } }) });
    const control = await connect<TallyCount, number>(controlUrl);
    await answeringEnd(question, wire as Wire, control);
  },
);

function urlOf({ transport }: SocketQuestion, folder: string): string {
  if (transport === "unix") return `unix:${folder}/socket`;
  return transport === "shm" ? `shm:bench-${process.pid}` : `${transport}://127.0.0.1:0`;
}

/** What is bytes goes as it is, so that a frame has what the peers' frames have; shared memory keeps its own codec. */
function codecFor({ transport, payload }: SocketQuestion): ConnectionOptions {
  return transport === "shm" || payload === "object" ? {} : { codec: "bytes" };
}

/** A certificate of one's own for 127.0.0.1, as long as the measurement lasts. */
function certificate(folder: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")] as const;
  const made = spawnSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
    ],
    { encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`openssl: ${made.error?.message ?? made.stderr}`);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}
