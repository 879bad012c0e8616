/** What a word of a subject, and the name of a stream or a consumer, may not hold here; = is what stands for it. */
const FORBIDDEN = /[\s.*>/\\%=\p{Cc}]/gu;
const EMPTY = "=";

/**
 * A name as one word of JetStream: what is not allowed there stands as = and its bytes in hexadecimal. Per cent signs are
 * among that: a server of version 2.9 writes names through a format.
 */
export function natsToken(name: string): string {
  return name.replace(FORBIDDEN, (one) =>
    [...Buffer.from(one)].map((byte) => `=${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

/** A key as what stands behind a topic's own word in a subject; a key without words adds nothing. */
export function subjectOf(topic: string, key: string): string {
  return key === "" ? topic : [topic, ...key.split(".").map(wordOf)].join(".");
}

/** The key that `subjectOf` made such a subject of, or that somebody else published with. */
export function keyOf(topic: string, subject: string): string {
  if (!subject.startsWith(`${topic}.`)) return "";
  return subject
    .slice(topic.length + 1)
    .split(".")
    .map((word) => (word === EMPTY ? "" : decoded(word)))
    .join(".");
}

const wordOf = (word: string): string => (word === "" ? EMPTY : natsToken(word));

const decoded = (word: string): string =>
  word.replace(/(?:=[0-9a-f]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll("=", ""), "hex").toString());

/** The subjects under which every key that the pattern matches is published; others may be among them after a `#`. */
export function subjectsFor(topic: string, pattern: string): string[] {
  const words = pattern === "" ? [] : pattern.split(".");
  const hash = words.indexOf("#");
  const fixed = (hash < 0 ? words : words.slice(0, hash)).map((word) => (word === "*" ? word : wordOf(word)));
  const subject = [topic, ...fixed].join(".");
  return hash < 0 ? [subject] : [subject, `${subject}.>`];
}
