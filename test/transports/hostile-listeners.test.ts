import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectSocket, type NetConnectOpts, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type AsyncConnection, connect, InterprocError, type Listener, type ListenOptions, listen } from "interproc";
import { lengthFrames } from "#src/transports/length-frames.js";
import { pythonFrames } from "#src/transports/python-frames.js";
import { until } from "../processes/running.js";
import { chooseSeed, SeededRandom } from "../rings/seeded-random.js";
import { framed } from "./framed.js";
import { joined, mutated, noise } from "./hostile-bytes.js";

const watchdog = { timeout: 120_000 };
const isFast = process.env.INTERPROC_TEST === "fast";
/** So many who send garbage, so many of them at once. */
const STRANGERS = isFast ? 80 : 300;
const AT_ONCE = 12;
const ROUND_TRIPS = 100;

/** How a connection may end for the one who accepted it, when its peer sends anything. */
const allowed = new Set([
  ...["ERR_INTERPROC_EOF", "ERR_INTERPROC_PROTOCOL", "ERR_INTERPROC_BROKEN_PIPE"],
  "ERR_INTERPROC_AUTHENTICATION", // his first message is a challenge, and nobody here has a key
]);

interface Kind {
  readonly name: string;
  readonly url: string;
  readonly options?: ListenOptions;
  /** What a stranger who knows how sends, before it is spoilt. */
  speech(random: SeededRandom, url: string): Uint8Array;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const frames = lengthFrames(true);
const frame = (message: Uint8Array): Uint8Array => framed(frames, message);
const { parts } = frames;
const { part, commit, cancel } = parts as NonNullable<typeof parts>;

function inFrames(random: SeededRandom): Uint8Array {
  const body = noise(random.below(200), random);
  return joined([
    frame(body),
    part(body),
    random.pick([commit, cancel]),
    frame(body),
    frame(ascii("#CHALLENGE#{sha256}")),
  ]);
}

/** A good beginning, and then frames of WebSockets of any kind. */
function overWebSocket(random: SeededRandom, url: string): Uint8Array {
  const { host, pathname } = new URL(url.replace("ws:", "http:"));
  const fields = [
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: aGVsbG8gdGhlcmUsIHdvcg==",
  ];
  const protocol = random.below(4) === 0 ? [] : ["sec-websocket-protocol: interproc"];
  const opening = ascii(
    `${[`GET ${pathname} HTTP/1.1`, `host: ${host}`, ...fields, ...protocol].join("\r\n")}\r\n\r\n`,
  );
  const words = ["begin", "commit", "cancel", "end", "hold", "go", "begin", "anything"];
  const frames = Array.from({ length: 8 }, () => {
    const payload = random.below(2) === 0 ? ascii(random.pick(words)) : noise(random.below(125), random);
    return joined([
      Uint8Array.of(0x80 | random.pick([0, 1, 1, 2, 2, 8, 9, 10]), 0x80 | payload.length, 0, 0, 0, 0),
      payload,
    ]);
  });
  return random.below(4) === 0 ? mutated(opening, random) : joined([opening, mutated(joined(frames), random)]);
}

const inPython = (random: SeededRandom): Uint8Array =>
  joined(
    ["#CHALLENGE#{sha256}", "#WELCOME#", "#FAILURE#", "x"].map((word) =>
      framed(pythonFrames, joined([ascii(word), noise(random.below(60), random)])),
    ),
  );

const kinds: readonly Kind[] = [
  { name: "tcp", url: "tcp://127.0.0.1:0", speech: inFrames },
  { name: "unix", url: "unix:FOLDER/socket", speech: inFrames },
  {
    name: "unix with an authkey",
    url: "unix:FOLDER/keyed",
    options: { authkey: "k", handshakeTimeout: 2000 },
    speech: inFrames,
  },
  {
    name: "lines of JSON",
    url: "tcp://127.0.0.1:0",
    options: { framing: "lines", codec: "json" },
    speech: (random) => joined([ascii('{"a":[1,2]}\n"b"\n'), noise(90, random)]),
  },
  { name: "ws", url: "ws://127.0.0.1:0/chat", speech: overWebSocket },
  {
    name: "ws with an authkey",
    url: "ws://127.0.0.1:0/",
    options: { authkey: "k", handshakeTimeout: 2000 },
    speech: overWebSocket,
  },
  { name: "Python's framing", url: "tcp://127.0.0.1:0", options: { framing: "python" }, speech: inPython },
  {
    name: "Python's framing with an authkey",
    url: "tcp://127.0.0.1:0",
    options: { framing: "python", authkey: "k", md5: true, handshakeTimeout: 2000 },
    speech: inPython,
  },
];

describe("a listener that strangers send anything", watchdog, () => {
  const folder = mkdtempSync(join(tmpdir(), "interproc-hostile-"));
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  before(() => {
    process.on("unhandledRejection", note);
  });
  after(() => {
    process.off("unhandledRejection", note);
    rmSync(folder, { recursive: true });
    assert.deepEqual(unhandled, []);
    assert.deepEqual(Object.keys(Object.prototype), []);
  });

  for (const { name, url, options = {}, speech } of kinds)
    test(
      `${name === "tcp" ? "smoke: " : ""}${name}: goes on serving, ends each of them by an error of its kind, and frees all of them`,
      watchdog,
      async (t) => {
        const seed = chooseSeed();
        const said = `INTERPROC_SEED=${seed}`;
        const limits = { maxMessage: 4096, ...options };
        await using listener = await listen(url.replace("FOLDER", folder), limits);
        const ends = new Map<string, number>();
        const serving = serve(listener, ends);
        await using good = await connect(listener.address, limits);
        let isOver = false;
        const goodTrips = (async () => {
          let trips = 0;
          for (; trips < ROUND_TRIPS || !isOver; trips++) {
            await good.send(["trip", trips]);
            assert.deepEqual(await good.recv(), ["trip", trips], said);
          }
          return trips;
        })();
        let next = 0;
        const stranger = async (): Promise<void> => {
          while (next < STRANGERS) {
            const random = new SeededRandom(seed + Math.imul(next++, 0x85eb_ca6b));
            await visit(listener.address, mutatedOften(speech(random, listener.address), random), random);
          }
        };
        await Promise.all(Array.from({ length: AT_ONCE }, stranger));
        isOver = true;
        const trips = await goodTrips;
        await until(() => listener.connections === 1); // all of them are gone, and the good one is not
        good.close();
        await listener.close();
        await serving;
        const told = [...ends].map(([code, count]) => `${count} ${code}`).join(", ");
        t.diagnostic(
          `${STRANGERS} strangers beside ${trips} round trips, ${said}: ${told}, ${listener.refusedConnections} refused`,
        );
        assert.deepEqual(
          [...ends.keys()].filter((code) => !allowed.has(code)),
          [],
          said,
        );
        assert.ok(ends.size + listener.refusedConnections > 0, "nobody came through");
      },
    );
});

/** Answers everybody with what he sends, and notes how each of them ended. */
async function serve(listener: Listener, ends: Map<string, number>): Promise<void> {
  const served: Promise<void>[] = [];
  for await (const conn of listener) served.push(answer(conn, ends));
  await Promise.all(served);
}

async function answer(conn: AsyncConnection, ends: Map<string, number>): Promise<void> {
  for (;;) {
    try {
      await conn.send(await conn.recv());
    } catch (error) {
      assert.ok(error instanceof InterprocError, String(error));
      if (error.code === "ERR_INTERPROC_CODEC") continue; // costs its own message only
      ends.set(error.code, (ends.get(error.code) ?? 0) + 1);
      return conn.close();
    }
  }
}

const mutatedOften = (bytes: Uint8Array, random: SeededRandom): Uint8Array =>
  random.below(5) === 0 ? bytes : mutated(bytes, random);

/** Connects, sends bytes in a few pieces, and leaves: politely, by a reset, or once the other side has had enough. */
async function visit(address: string, bytes: Uint8Array, random: SeededRandom): Promise<void> {
  const socket = connectSocket(target(address));
  socket.on("error", () => undefined);
  socket.resume();
  const gone = once(socket, "close");
  await Promise.race([once(socket, "connect"), gone]);
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const length = 1 + random.below(bytes.length);
    await written(socket, bytes.subarray(at, at + length));
    at += length;
  }
  const manner = random.below(4);
  if (manner === 0) socket.destroy();
  else if (manner === 1 && !address.startsWith("unix:")) socket.resetAndDestroy();
  else socket.end();
  if (manner === 3) socket.destroySoon();
  await gone;
}

function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", resolve);
    socket.write(bytes, () => {
      socket.off("close", resolve);
      resolve();
    });
  });
}

function target(address: string): NetConnectOpts {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const { hostname, port } = new URL(address.replace(/^\w+:/, "http:"));
  return { host: hostname, port: Number(port) };
}
