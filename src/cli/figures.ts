/** 1,234,567 */
export const grouped = (count: number): string => Math.round(count).toLocaleString("en");

/** `one file`, `1,234 files`; for nouns whose plural is an s. */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;

/** Decimal units: `12.3 MB`, `987 bytes`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return counted(bytes, "byte");
  const exponent = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** exponent;
  return `${value.toFixed(value < 100 ? 1 : 0)} ${["", "kB", "MB", "GB", "TB"][exponent]}`;
}

/** What is left of a rate when nothing took any time. */
export const rate = (amount: number, seconds: number): number => (seconds > 0 ? amount / seconds : 0);
