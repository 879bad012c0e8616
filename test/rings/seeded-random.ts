/** Numbers that only look random: the same seed gives the same ones (xorshift32). */
export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0 || 1;
    for (let i = 0; i < 8; i++) this.word();
  }

  /** 0 to 2^32 - 1. */
  word(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x >>> 0;
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return this.word() % n;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word() & 255);
  }
}

/** The seed of a run: INTERPROC_SEED to have a failed one again, else a new one, which a failure's message must name. */
export function chooseSeed(): number {
  const named = process.env.INTERPROC_SEED;
  return named === undefined ? (Date.now() ^ (process.pid << 16)) & 0x7fff_ffff : Number(named);
}
