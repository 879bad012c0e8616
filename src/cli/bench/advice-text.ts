import { figureText } from "./figure-text.js";
import type { Advice } from "./recommend.js";

/** The figures behind an advice: `3.10 µs there and back (p99 9.40 µs), 1.20 M/s one way (76.8 MB/s), with 64 B`. */
export function adviceText(advice: Advice): string {
  const { p50Micros, p99Micros, messagesPerSecond, bytesPerSecond, bytes } = advice;
  const through = bytes > 8 ? ` (${figureText.throughput(bytesPerSecond)})` : "";
  return (
    `${figureText.micros(p50Micros)} there and back (p99 ${figureText.micros(p99Micros)}), ` +
    `${figureText.rate(messagesPerSecond)} one way${through}, with ${figureText.bytes(bytes)}`
  );
}
