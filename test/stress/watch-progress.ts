const EVERY_MS = 1000;

/** Calls `hung` once nothing has moved for so long, by a number that grows as long as something does. Gives what ends it. */
export function watchProgress(progress: () => number, mostMs: number, hung: () => void): () => void {
  let [known, at] = [progress(), performance.now()];
  const timer = setInterval(() => {
    const now = progress();
    if (now !== known) [known, at] = [now, performance.now()];
    else if (performance.now() - at > mostMs) {
      clearInterval(timer);
      hung();
    }
  }, EVERY_MS);
  return () => clearInterval(timer);
}
