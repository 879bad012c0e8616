import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AuthenticationError, CodecError, ProtocolError, UsageError } from "interproc";
import { formatAddress, parseAddress } from "#src/transports/address.js";
import { authenticate } from "#src/transports/authenticate.js";
import { ByteQueue } from "#src/transports/byte-queue.js";
import { answerChallenge, makeChallenge, verifyAnswer } from "#src/transports/challenge.js";
import type { Framing } from "#src/transports/framing.js";
import { lengthFrames } from "#src/transports/length-frames.js";
import { lineFrames } from "#src/transports/line-frames.js";
import type { Frame } from "#src/transports/link.js";
import { type CodecName, messageCodec } from "#src/transports/message-codec.js";
import { pythonFrames } from "#src/transports/python-frames.js";
import { rawFrames } from "#src/transports/raw-frames.js";
import { mostWaiting, WordedLink } from "#src/transports/worded-link.js";
import { chooseSeed, SeededRandom } from "../rings/seeded-random.js";
import { framed } from "./framed.js";
import { cut, joined, mutated, noise } from "./hostile-bytes.js";

/** What each parser is given: at least so many inputs, and as many as come in the time. INTERPROC_CASES makes it millions. */
const LEAST = Number(process.env.INTERPROC_CASES ?? 3000);
const MOST_MS = process.env.INTERPROC_TEST === "fast" ? 100 : 600;
const maxMessage = 300;

/** What no input may leave behind. */
const prototypes = [Object, Array, Function, Uint8Array, Map, Promise].map((one) => one.prototype as object);
const before = prototypes.map((one) => Reflect.ownKeys(one).length);

/** Gives a parser one input after the other; `one` says what came of it, and each of `outcomes` must have come. */
function hail(
  title: string,
  outcomes: readonly string[],
  one: (random: SeededRandom) => string | Promise<string>,
): void {
  test(title, { timeout: 120_000 }, async (t) => {
    const seed = chooseSeed();
    const counts = new Map<string, number>();
    const until = performance.now() + MOST_MS;
    let inputs = 0;
    for (; inputs < LEAST || (inputs % 64 > 0 ? true : performance.now() < until); inputs++) {
      try {
        const outcome = await one(new SeededRandom(seed + Math.imul(inputs, 0x85eb_ca6b)));
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      } catch (cause) {
        throw new Error(`input ${inputs} (INTERPROC_SEED=${seed}): ${(cause as Error).message}`, { cause });
      }
    }
    const told = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
    t.diagnostic(`${inputs} inputs, INTERPROC_SEED=${seed}: ${told}`);
    for (const outcome of outcomes) assert.ok(counts.has(outcome), `of ${inputs} inputs none was ${outcome}: ${told}`);
  });
}

/** What an action threw, which has to be of that class. */
function refusalOf(Failure: new (message: string) => Error, action: () => unknown): Error | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Failure, `threw ${String(error)}`);
    return error;
  }
}

describe("a parser that is given anything", () => {
  after(() =>
    assert.deepEqual(
      prototypes.map((one) => Reflect.ownKeys(one).length),
      before,
    ),
  );

  /** Real traffic: whole messages, parts with their commits and cancels, lengths that lie. */
  function traffic(framing: Framing, random: SeededRandom): Uint8Array {
    const { parts } = framing;
    const pieces: Uint8Array[] = [];
    for (let count = 1 + random.below(5); count > 0; count--) {
      const text = random
        .bytes(random.below(random.pick([4, 60, maxMessage])))
        .map((byte) => (byte === 10 ? 11 : byte));
      if (!parts || random.below(2) === 0) pieces.push(framed(framing, text));
      else pieces.push(parts.part(text), parts.part(noise(5, random)), random.pick([parts.commit, parts.cancel]));
    }
    return joined(pieces);
  }

  const framings: readonly (readonly [string, Framing, readonly string[]])[] = [
    ["length frames with parts", lengthFrames(true), ["read", "refused"]],
    ["length frames of other programs", lengthFrames(false), ["read", "refused"]],
    ["Python's frames", pythonFrames, ["read", "refused"]],
    ["lines", lineFrames, ["read"]],
    ["raw bytes", rawFrames, ["read"]],
  ];
  for (const [name, framing, outcomes] of framings)
    hail(
      `${name === framings[0][0] ? "smoke: " : ""}${name}: gives messages within the limit or a ProtocolError, and keeps no more than one message`,
      outcomes,
      (random) => {
        const reader = framing.reader(maxMessage);
        const bytes = mutated(traffic(framing, random), random);
        const refused = refusalOf(ProtocolError, () => {
          let turns = 0;
          for (const chunk of cut(bytes, random)) {
            reader.bytes.push(chunk);
            for (let message = reader.next(true); message; message = reader.next(true)) {
              assert.ok(message.length <= maxMessage, `a message of ${message.length} bytes`);
              assert.ok(turns++ <= bytes.length, "more messages than bytes");
            }
            assert.ok(reader.kept <= maxMessage + 12, `${reader.kept} bytes are kept`);
          }
        });
        return refused ? "refused" : "read";
      },
    );

  test("a message that comes byte by byte costs its bytes, and not an object for each", { timeout: 60_000 }, () => {
    const queue = new ByteQueue();
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const memory = (): number => {
      gc();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = memory();
    const count = 2_000_000;
    for (let i = 0; i < count; i++) queue.push(Uint8Array.of(i));
    const grown = memory() - before;
    assert.ok(grown < 16 * 2 ** 20, `${grown} bytes for ${count}`);
    assert.equal(queue.length, count);
    assert.equal(queue.at(count - 1), (count - 1) & 255);
    let expected = count - 300;
    while ((expected & 255) !== 7) expected++;
    assert.equal(queue.indexOf(7, count - 300), expected);
    const taken = queue.take(count);
    assert.ok(taken.every((byte, i) => byte === (i & 255)));
  });

  hail("a queue of bytes gives back what went in, whatever the sizes", ["same"], (random) => {
    const queue = new ByteQueue();
    const bytes = noise(random.below(random.pick([50, 3000])), random);
    let [taken, pushed] = [0, 0];
    for (const chunk of cut(bytes, random)) {
      queue.push(chunk);
      pushed += chunk.length;
      const length = random.below(3) === 0 ? random.below(queue.length + 1) : 0;
      const from = random.below(queue.length + 1);
      const found = bytes.subarray(taken, pushed).indexOf(65, from);
      assert.equal(queue.indexOf(65, from), found);
      if (random.below(2) === 0) queue.drop(length);
      else assert.equal(Buffer.compare(queue.take(length), bytes.slice(taken, taken + length)), 0);
      taken += length;
      assert.equal(queue.length, pushed - taken);
      if (queue.length > 0) assert.equal(queue.at(queue.length - 1), bytes[pushed - 1]);
    }
    return "same";
  });

  /** A WebSocket's link without the WebSocket. */
  class LooseLink extends WordedLink {
    readonly said: string[] = [];
    constructor(speaksOfFlow: boolean) {
      super(true, maxMessage, mostWaiting(maxMessage), speaksOfFlow);
    }
    give(bytes: Uint8Array, word?: string): void {
      this.take(bytes, word);
    }
    close(): void {}
    ref(): void {}
    unref(): void {}
    protected transmit(_: readonly Frame[], done: () => void): void {
      done();
    }
    protected say(word: string): void {
      this.said.push(word);
    }
    protected listen(): void {}
    protected setReading(): void {}
  }

  hail(
    "control words of a WebSocket: in any order and number end by a ProtocolError at most",
    ["read", "refused", "ended"],
    (random) => {
      const words = ["begin", "commit", "cancel", "end", "hold", "go", "", "beginn", "__proto__"];
      const link = new LooseLink(random.below(2) === 0);
      let [failure, outcome, came, written] = [undefined as Error | undefined, "read", 0, 0];
      link.start(
        {
          message: (bytes) => {
            assert.equal(outcome, "read");
            assert.ok(bytes.length <= maxMessage);
            came++;
          },
          settled: () => (random.below(4) === 0 ? link.pause() : link.resume()),
          ended: () => {
            outcome = "ended";
          },
          failed: (error) => {
            outcome = "refused";
            failure = error;
          },
          broken: () => undefined,
        },
        true,
      );
      for (let steps = random.below(30); steps > 0; steps--) {
        if (random.below(2) === 0) link.give(new Uint8Array(0), words[random.below(random.pick([3, 6, 9]))]);
        else link.give(noise(random.below(random.pick([10, 200, 320])), random));
        link.write(["x"], () => written++);
        assert.ok(link.kept <= maxMessage, `${link.kept} bytes are kept`);
      }
      assert.ok(written <= 30 && came <= 30);
      assert.ok(failure === undefined || failure instanceof ProtocolError, String(failure));
      return outcome;
    },
  );

  test("a WebSocket's peer that is told to hold and does not is refused, with what was under way and no more", () => {
    const link = new LooseLink(true);
    let [came, failure] = [0, undefined as Error | undefined];
    link.start(
      {
        message: (bytes) => {
          came += bytes.length;
        },
        settled: () => link.pause(),
        ended: () => undefined,
        failed: (error) => {
          failure = error;
        },
        broken: () => undefined,
      },
      true,
    );
    for (let sent = 0; !failure && sent < 1_000_000; sent++) link.give(new Uint8Array(maxMessage));
    assert.deepEqual(link.said, ["hold"]);
    assert.ok(failure instanceof ProtocolError);
    assert.ok(came <= mostWaiting(maxMessage), `${came} bytes came`);
  });

  const key = new TextEncoder().encode("the key");
  hail(
    "a challenge: is answered or an AuthenticationError, with MD5 only where that was asked for",
    ["answered", "refused"],
    (random) => {
      const legacy = joined([makeChallenge().subarray(0, 11), noise(random.pick([16, 20]), random)]);
      const named = new TextEncoder().encode(
        `#CHALLENGE#{${random.pick(["md5", "sha384", "sha3_256", "sha1", "none"])}}`,
      );
      const challenge = random.pick([makeChallenge(), legacy, joined([named, noise(40, random)])]);
      const md5 = random.below(2) === 0;
      let answer = new Uint8Array(0) as Uint8Array;
      const given = random.below(3) === 0 ? challenge : mutated(challenge, random);
      const refused = refusalOf(AuthenticationError, () => {
        answer = answerChallenge(given, key, md5);
      });
      if (refused) return "refused";
      assert.ok(answer.length <= 64, `an answer of ${answer.length} bytes`);
      assert.ok(md5 || (answer.length > 16 && !/^\{md5\}/.test(Buffer.from(answer).toString("latin1"))));
      return "answered";
    },
  );

  hail("an answer to a challenge: only the right one is taken", ["taken", "refused"], (random) => {
    const challenge = makeChallenge();
    const right = answerChallenge(challenge, key, false);
    const given = random.below(4) === 0 ? right : mutated(random.below(3) === 0 ? challenge : right, random);
    const isRight = Buffer.compare(given, right) === 0;
    const refused = refusalOf(AuthenticationError, () => verifyAnswer(given, challenge, key, random.below(2) === 0));
    assert.equal(refused === undefined, isRight);
    return isRight ? "taken" : "refused";
  });

  hail(
    "a whole handshake with somebody who says anything: an AuthenticationError on either side",
    ["refused"],
    async (random) => {
      const sent: Uint8Array[] = [];
      const words = ["#WELCOME#", "#FAILURE#", "#CHALLENGE#{sha256}"].map((word) => new TextEncoder().encode(word));
      const silent = {
        sendBytes: async (bytes: ArrayBufferView | ArrayBuffer) => void sent.push(bytes as Uint8Array),
        recvBytes: async () => {
          if (random.below(6) === 0) throw new Error("gone");
          return mutated(random.pick([...words, ...sent, makeChallenge()]), random);
        },
      };
      const role = random.pick(["listener", "client"] as const);
      await assert.rejects(authenticate(silent, role, { key, md5: random.below(2) === 0 }), AuthenticationError);
      assert.ok(sent.every(({ length }) => length <= 256));
      return "refused";
    },
  );

  hail("an url: an address that is written as it was read, or a UsageError", ["an address", "refused"], (random) => {
    const urls = [
      ...[
        "unix:/tmp/a.sock",
        "unix:////tmp/a.sock",
        "tcp://127.0.0.1:80",
        "tls://[::1]:443",
        "ws://h:1/p?q=1",
        "wss://example.org/",
      ],
      ...["shm:name", "fd:3", "fd:3,4", "stdio:", "udp://h:1", "tcp://user:pw@h:1"],
    ];
    const bytes = mutated(new TextEncoder().encode(random.pick(urls)), random);
    const url = random.below(2) === 0 ? Buffer.from(bytes).toString("latin1") : Buffer.from(bytes).toString();
    let read: ReturnType<typeof parseAddress> | undefined;
    const refused = refusalOf(UsageError, () => {
      read = parseAddress(url, "a test");
    });
    if (!read) return refused ? "refused" : "nothing";
    assert.deepEqual(parseAddress(formatAddress(read), "a test"), read);
    return "an address";
  });

  for (const name of ["structured", "json", "text", "pickle"] as const satisfies readonly CodecName[])
    hail(`a message in ${name}: a value or a CodecError`, ["a value", "refused"], (random) => {
      const { encode, decode } = messageCodec(name);
      const values = ["text", "grüße", 'a "quoted" one'];
      const value =
        name === "text"
          ? random.pick(values)
          : { a: [1, 2.5, null], [random.pick(values)]: { b: "deep", c: [true, {}] } };
      const bytes = mutated(encode(value as never).slice(), random);
      return refusalOf(CodecError, () => decode(bytes)) ? "refused" : "a value";
    });
});
