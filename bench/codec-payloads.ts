/** What the programs of the codec benchmark are asked. */
export interface CodecQuestion {
  codec: CodecName;
  payload: CodecPayload;
  /** How long each of the two measured parts should last. */
  seconds: number;
}

export const codecs = {
  interproc: "interproc, encodeInto",
  "interproc-encode": "interproc, encode",
  json: "JSON, as UTF-8",
  v8: "v8.serialize",
  msgpackr: "msgpackr plain",
  "msgpackr-records": "msgpackr records + structuredClone",
} as const;

export type CodecName = keyof typeof codecs;

const word = (index: number): string => ["alpha", "bravo", "charlie", "delta", "echo"][index % 5] ?? "";

/** Values by name, each with a label for the table. A list is a series of messages that are sent in turn. */
export const codecPayloads = {
  small: { label: "{ id, name, ok }", make: () => [{ id: 1, name: "job 1", ok: true }] },
  mixed: { label: "8 small objects of 8 shapes in turn", make: mixed },
  rows: { label: "50 flat rows (3.3 KB of JSON)", make: () => [{ rows: rows(50) }] },
  nested: { label: "50 rows with list and object (3.8 KB of JSON)", make: () => [nested(50)] },
  "rows-1000": { label: "1,000 flat rows", make: () => [{ rows: rows(1000) }] },
  numbers: { label: "array of 1,000 doubles", make: () => [Array.from({ length: 1000 }, (_, i) => i + 0.5)] },
  map: {
    label: "Map of 100 strings to numbers",
    make: () => [new Map(Array.from({ length: 100 }, (_, i) => [`key ${i}`, i]))],
  },
  text: { label: "64 KiB ASCII string", make: () => ["interproc ".repeat(6554).slice(0, 65_536)] },
  cjk: { label: "string of 16,384 Chinese characters", make: () => ["進程間通信".repeat(3277).slice(0, 16_384)] },
  bytes: { label: "64 KiB Uint8Array", make: () => [new Uint8Array(65_536).map((_, i) => i)] },
  floats: { label: "Float64Array of 8,192", make: () => [new Float64Array(8192).map((_, i) => i / 3)] },
} as const satisfies Record<string, { label: string; make: () => unknown[] }>;

export type CodecPayload = keyof typeof codecPayloads;

function rows(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    id: i,
    name: `item ${i}`,
    price: i * 1.25,
    active: i % 2 === 0,
    tag: `t${i % 5}`,
  }));
}

function nested(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    id: i,
    name: `row ${i}`,
    tags: ["a", word(i)],
    at: { x: i * 1.5, y: i },
    ok: i % 2 === 0,
  }));
}

function mixed(): object[] {
  return [
    { id: 1, name: "job 1", ok: true },
    { type: "progress", done: 17, total: 250 },
    { method: "get", params: ["users", 42] },
    { key: "a/b/c", value: { text: "hello", size: 5 } },
    { pid: 4711, cpu: 0.25, rss: 81_234_567, uptime: 12.5 },
    { error: null, result: [1, 2, 3], took: 0.125 },
    { topic: "news", at: 1.7e12, body: "something happened", tags: ["x", "y"] },
    { x: 1, y: 2, z: 3, w: 4, label: word(2) },
  ];
}
