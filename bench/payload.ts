/** The messages of the benchmarks of pipes and sockets. `into-1m` is 1 MiB received into one buffer instead of a fresh one each. */
export const payloads = {
  "bytes-64": { label: "64 B bytes", bytes: 64 },
  object: { label: "small object { id, name, ok }", bytes: undefined },
  "bytes-16k": { label: "16 KiB bytes", bytes: 16 * 1024 },
  "bytes-64k": { label: "64 KiB bytes", bytes: 64 * 1024 },
  "bytes-1m": { label: "1 MiB bytes, each into a fresh buffer", bytes: 1024 * 1024 },
  "into-1m": { label: "1 MiB bytes, all into one buffer", bytes: 1024 * 1024 },
} as const;

export type PayloadName = keyof typeof payloads;

/** The small object of the benchmark. */
export interface Reading {
  id: number;
  name: string;
  ok: boolean;
}

/** Every 64th message is the marked one: its whole content, or 64 bytes spread over it, is checked on arrival. */
export const sampleEvery = 64;

const names = Array.from({ length: 16 }, (_, index) => `sensor-${index}`);

/** The object sent as message `index`. */
export function reading(index: number): Reading {
  return { id: index, name: names[index & 15] ?? "", ok: (index & 1) === 0 };
}

/**
 * Returns what gives the bytes of message `index`. Two constant buffers take turns, so that a peer that sends without a
 * copy may still hold one when the next message goes out.
 */
export function bytesMessages(payload: PayloadName): (index: number) => Uint8Array<ArrayBuffer> {
  const [plain, marked] = [1, 2].map((first) => {
    const bytes = Buffer.alloc(byteLength(payload));
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7 + first) & 0xff;
    return bytes;
  }) as [Buffer<ArrayBuffer>, Buffer<ArrayBuffer>];
  return (index) => (index % sampleEvery === 0 ? marked : plain);
}

export function byteLength(payload: PayloadName): number {
  const { bytes } = payloads[payload];
  if (bytes === undefined) throw new RangeError(`payload "${payload}" has no fixed length in bytes`);
  return bytes;
}
