/** Resolves once the work has ended, whatever came of it, or so much time is over. */
export async function withinMs(mostMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, mostMs);
  });
  const end = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([end, over]);
  clearTimeout(timer);
}
