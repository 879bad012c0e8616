import { isDeepStrictEqual } from "node:util";
import { deserialize, serialize } from "node:v8";
import { answer } from "../answer.js";
import { type CodecName, type CodecQuestion, codecPayloads } from "../codec-payloads.js";
import { loadPeerPackage } from "../peer-packages.js";
import { type BenchedCodec, structuredCodec, structuredCodecInPlace } from "../structured-codec.js";

interface Packr {
  pack(value: unknown): Uint8Array;
  unpack(message: Uint8Array): unknown;
}

const make: Record<CodecName, () => BenchedCodec> = {
  interproc: structuredCodecInPlace,
  "interproc-encode": structuredCodec,
  json: () => ({
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (message) => JSON.parse(Buffer.prototype.toString.call(message)),
  }),
  v8: () => ({ encode: serialize, decode: deserialize }),
  msgpackr: () => packr({ useRecords: false }),
  "msgpackr-records": () => packr({ structuredClone: true }),
};

function packr(options: object): BenchedCodec {
  const { Packr } = loadPeerPackage<{ Packr: new (options: object) => Packr }>("msgpackr");
  const packr = new Packr(options);
  return { encode: (value) => packr.pack(value), decode: (message) => packr.unpack(message) };
}

/** What the calls gave: kept, so that none can be left out. */
const kept: unknown[] = new Array(64).fill(undefined);

/** What is measured is divided into so many parts; the fastest counts, because others disturb the rest. */
const PARTS = 20;

/** Microseconds a call, measured for about as many seconds, after a quarter of that to warm up. */
function microsOf(seconds: number, call: (index: number) => unknown): number {
  const round = (calls: number): number => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) kept[i & 63] = call(i);
    return (performance.now() - start) / 1000;
  };
  let calls = 8;
  let took = round(calls);
  while (took < Math.max(0.1, seconds / 4)) {
    calls *= 2;
    took = round(calls);
  }
  calls = Math.max(8, Math.round((calls / took) * (seconds / PARTS)));
  const parts = Array.from({ length: PARTS }, () => round(calls));
  return (Math.min(...parts) / calls) * 1e6;
}

answer<CodecQuestion>(async ({ codec, payload, seconds }) => {
  const { encode, decode, encodeInPlace = encode } = make[codec]();
  const values: readonly unknown[] = codecPayloads[payload].make();
  // copies, because an encoder may use its memory again; the first are without what a codec has learnt by then
  const messages = values.map((value) => Buffer.from(encode(value)));
  for (const [index, message] of messages.entries()) {
    const arrived = decode(message);
    const plain = ArrayBuffer.isView(values[index]) && Buffer.isBuffer(arrived) ? new Uint8Array(arrived) : arrived;
    if (!isDeepStrictEqual(plain, values[index])) throw new Error("another value arrives");
  }
  const bytes = messages.reduce((sum, message) => sum + message.length, 0) / messages.length;
  const encodeMicros = microsOf(seconds, (index) => encodeInPlace(values[index % values.length]));
  const decodeMicros = microsOf(seconds, (index) => decode(messages[index % messages.length] as Uint8Array));
  return { bytes, encodeMicros, decodeMicros };
});
