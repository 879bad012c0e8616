/** Names that lead to the language's own machinery, whoever defines them. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Function.prototype),
  "then",
  "prototype",
  "toJSON",
]);

/** Whether a member of that name can be called from the other side at all. */
export function isPublicName(name: string): boolean {
  const first = name.charCodeAt(0);
  return first !== UNDERSCORE && first !== HASH && !FORBIDDEN.has(name);
}

const UNDERSCORE = "_".charCodeAt(0);
const HASH = "#".charCodeAt(0);
