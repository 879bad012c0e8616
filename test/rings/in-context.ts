/** Runs `body`; what it throws is told with where that was. */
export function inContext<T>(where: () => string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    throw new Error(`${where()}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
