/** The value that `share` of all do not exceed, by nearest rank: 0.5 the median, 0.99 the p99; NaN of none. */
export function rankOf(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
