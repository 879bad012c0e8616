/** True for a key that names an array's element; others name a property. */
export function isArrayIndex(key: string): boolean {
  const number = Number(key) >>> 0;
  return String(number) === key && number < 2 ** 32 - 1;
}
