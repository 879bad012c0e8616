/** Who is to be told when a signal aborts, by one listener: Node warns of more than ten at a signal. */
class Watchers {
  readonly all = new Set<() => void>();
  readonly tell = (): void => {
    for (const one of this.all) one();
    this.all.clear();
  };
}

const known = new WeakMap<AbortSignal, Watchers>();

/** Runs `fire` once the signal aborts, unless the function that is given back is called before. */
export function watchSignal(signal: AbortSignal, fire: () => void): () => void {
  const watchers = known.get(signal) ?? new Watchers();
  known.set(signal, watchers);
  if (watchers.all.size === 0) signal.addEventListener("abort", watchers.tell, { once: true });
  watchers.all.add(fire);
  return () => {
    if (watchers.all.delete(fire) && watchers.all.size === 0) signal.removeEventListener("abort", watchers.tell);
  };
}
