/** Calls back when the client goes before it has all of the answer, where that can be known. */
export function whenUnheard({ signal }: Request, act: () => void): void {
  // Deno aborts the signal after every answer, also after those that came: there the lease has to do
  if (!("Deno" in globalThis)) signal.addEventListener("abort", act, { once: true });
}
