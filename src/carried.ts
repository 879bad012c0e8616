/** Short texts that go along inside a message, such as the context of a trace (`traceparent`). */
export type Carried = Readonly<Record<string, string>>;

const NOTHING: Carried = Object.freeze({});
const MOST_TEXTS = 16;
const LONGEST_NAME = 256;
const LONGEST_TEXT = 8192;

/**
 * What came along with a message, as far as it is what may go along: a few texts by name. Whoever sent it may have sent
 * anything; what is no such thing is as if nothing had come, for a message is worth more than what goes along.
 */
export function carriedOf(value: unknown): Carried {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return NOTHING;
  const entries = Object.entries(value);
  const isCarried = ([name, text]: [string, unknown]): boolean =>
    typeof text === "string" && text.length <= LONGEST_TEXT && name.length <= LONGEST_NAME;
  return entries.length > 0 && entries.length <= MOST_TEXTS && entries.every(isCarried)
    ? Object.fromEntries(entries)
    : NOTHING;
}

/** What is to go along; undefined when nothing is, and the message then is as it always was. */
export function carriedIn(headers: Carried): Carried | undefined {
  const carried = carriedOf(headers);
  return carried === NOTHING ? undefined : carried;
}
