/** One thing that was looked at. */
export interface Finding {
  readonly subject: string;
  /** `fail`: something that is needed does not work. `warn`: it works, with less than one would wish for. */
  readonly status: "ok" | "warn" | "fail";
  readonly found: string;
  /** What to do about it, when something is to be done. */
  readonly advice?: string;
}

export const ok = (subject: string, found: string): Finding => ({ subject, status: "ok", found });

export const warn = (subject: string, found: string, advice: string): Finding => ({
  subject,
  status: "warn",
  found,
  advice,
});

/** `found` may say by itself what is to be done. */
export const fail = (subject: string, found: string, advice?: string): Finding => ({
  subject,
  status: "fail",
  found,
  advice,
});
