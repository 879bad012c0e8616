/** False when an array without holes may have own enumerable properties besides its elements. */
export function hasOnlyElements(array: readonly unknown[]): boolean {
  return Object.keys(array).length === array.length;
}
