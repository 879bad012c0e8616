/** What a word of a subject, and the name of a stream or a consumer, may not hold; % is what stands for it. */
const FORBIDDEN = /[\s.*>/\\%\p{Cc}]/gu;

/** A name as one word of JetStream: what is not allowed there stands as % and its bytes in hexadecimal. */
export function natsToken(name: string): string {
  return name.replace(FORBIDDEN, (one) =>
    [...Buffer.from(one)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

/** A key as what stands behind a topic's own word in a subject; a key without words adds nothing, an empty word is %. */
export function subjectOf(topic: string, key: string): string {
  if (key === "") return topic;
  return `${topic}.${key
    .split(".")
    .map((word) => (word === "" ? "%" : natsToken(word)))
    .join(".")}`;
}

/** The key that `subjectOf` made such a subject of, or that somebody else published with. */
export function keyOf(topic: string, subject: string): string {
  if (!subject.startsWith(`${topic}.`)) return "";
  const words = subject.slice(topic.length + 1).split(".");
  return words.map((word) => (word === "%" ? "" : decoded(word))).join(".");
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** The subjects under which every key that the pattern matches is published; others may be among them after a `#`. */
export function subjectsFor(topic: string, pattern: string): string[] {
  const words = pattern === "" ? [] : pattern.split(".");
  const hash = words.indexOf("#");
  const fixed = (hash < 0 ? words : words.slice(0, hash)).map((word) =>
    word === "*" ? word : word === "" ? "%" : natsToken(word),
  );
  const subject = [topic, ...fixed].join(".");
  return hash < 0 ? [subject] : [subject, `${subject}.>`];
}
