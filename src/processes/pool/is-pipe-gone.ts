/** Whether a send failed because nobody is at the pipe's other end any more, or this end was closed. */
export function isPipeGone(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ERR_INTERPROC_BROKEN_PIPE" || code === "ERR_INTERPROC_CLOSED";
}
