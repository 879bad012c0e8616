/** Figures as people read them, with three digits. */
export const figureText = {
  /** `820 ns`, `3.14 µs`, `12.5 ms`, `1.20 s` */
  micros: (micros: number): string =>
    micros < 1
      ? `${three(micros * 1000)} ns`
      : micros < 1000
        ? `${three(micros)} µs`
        : micros < 1e6
          ? `${three(micros / 1000)} ms`
          : `${three(micros / 1e6)} s`,
  /** `950/s`, `1.23 k/s`, `4.56 M/s` */
  rate: (perSecond: number): string => `${scaled(perSecond)}/s`,
  /** `64 B`, `16 KiB`, `1 MiB`, `1000 B` */
  bytes: (bytes: number): string =>
    bytes >= 2 ** 20 && bytes % 2 ** 20 === 0
      ? `${bytes / 2 ** 20} MiB`
      : bytes >= 1024 && bytes % 1024 === 0
        ? `${bytes / 1024} KiB`
        : `${bytes} B`,
  /** `12.3 MB/s` */
  throughput: (bytesPerSecond: number): string => `${scaled(bytesPerSecond)}B/s`.replace(/^([\d.]+)B/, "$1 B"),
};

function three(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function scaled(value: number): string {
  if (value < 999.5) return three(value);
  if (value < 999.5e3) return `${three(value / 1e3)} k`;
  if (value < 999.5e6) return `${three(value / 1e6)} M`;
  return `${three(value / 1e9)} G`;
}
