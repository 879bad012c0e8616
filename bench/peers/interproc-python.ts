import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AsyncConnection, listen, SharedMemory } from "interproc";
import { answer } from "../answer.js";
import { bytesMessages, type PayloadName, type Reading, reading } from "../payload.js";
import { peerPath } from "../project.js";
import { arrayLength, type PythonQuestion } from "../python-question.js";
import { type Figures, measureRoundTrips } from "../rounds.js";
import { checkTally, Tally } from "../tally.js";

/* Node asks, Python answers (python_answering.py), over a unix socket with Python's frames and pickle. */
const samples = 64;

answer<PythonQuestion>(async (question) => {
  const folder = mkdtempSync(join(tmpdir(), "interproc-bench-"));
  const path = join(folder, "socket");
  try {
    await using listener = await listen(`unix:${path}`, { framing: "python" });
    const start = (...args: string[]): ChildProcess =>
      spawn("python3", [peerPath("python_answering.py"), path, ...args], { stdio: ["ignore", "inherit", "inherit"] });
    const { measure, mode } = question;
    if (measure === "array") return await handOver(question, listener, start);
    const child = start("echo", mode);
    using conn = await listener.accept();
    const figures = await exchange(question, conn, measure);
    conn.close();
    await once(child, "exit");
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function exchange({ mode, seconds }: PythonQuestion, conn: AsyncConnection, payload: PayloadName): Promise<Figures> {
  const message: (index: number) => unknown = payload === "object" ? reading : bytesMessages(payload);
  return measureRoundTrips(seconds, async (micros) => {
    const tally = new Tally(payload);
    for (let trip = 0; trip < micros.length; trip++) {
      const sent = message(trip);
      const start = performance.now();
      let reply: unknown;
      if (mode === "bytes") {
        await conn.sendBytes(sent as Uint8Array);
        reply = await conn.recvBytes();
      } else {
        await conn.send(sent);
        reply = await conn.recv();
      }
      micros[trip] = (performance.now() - start) * 1000;
      if (payload === "object") tally.object(reply as Reading);
      else tally.bytes(reply as Uint8Array);
    }
    checkTally(payload, micros.length, tally.take());
  });
}

async function handOver(
  { mode, seconds }: PythonQuestion,
  listener: { accept(): Promise<AsyncConnection> },
  start: (...args: string[]) => ChildProcess,
): Promise<Figures> {
  const name = `psm_bench_${process.pid}`;
  using block =
    mode === "shared memory" ? SharedMemory.create(name, { size: arrayLength * 8, python: true }) : undefined;
  const floats = block ? new Float64Array(block.buffer, 0, arrayLength) : new Float64Array(arrayLength);
  for (let i = 0; i < arrayLength; i++) floats[i] = i & 1023;
  const bytes = new Uint8Array(floats.buffer, 0, floats.byteLength);
  const child = start("array", mode, ...(block ? [name] : []));
  using conn = await listener.accept();
  const figures = await measureRoundTrips(seconds, async (micros) => {
    for (let trip = 0; trip < micros.length; trip++) {
      floats[0] = trip;
      const begun = performance.now();
      if (mode === "bytes") await conn.sendBytes(bytes);
      else await conn.send(mode === "pickle" ? floats : mode === "pickled bytes" ? bytes : "look");
      const seen = await conn.recv();
      micros[trip] = (performance.now() - begun) * 1000;
      if (seen !== digest(floats)) throw new Error(`Python saw ${seen} in array ${trip} instead of ${digest(floats)}`);
    }
  });
  conn.close();
  await once(child, "exit");
  block?.unlink();
  return figures;
}

/** The sum of 64 numbers, spread over all; the first is among them. */
function digest(floats: Float64Array): number {
  let sum = 0;
  const step = Math.floor(floats.length / samples);
  for (let i = 0; i < samples; i++) sum += floats[i * step] ?? 0;
  return sum;
}
