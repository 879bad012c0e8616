/** Whether a send failed because nobody is at the other end any more, or this end was closed: not for what was sent. */
export function isPipeGone(error: unknown, { closed }: { readonly closed: boolean }): boolean {
  return closed || (error as { code?: string }).code === "ERR_INTERPROC_BROKEN_PIPE";
}
