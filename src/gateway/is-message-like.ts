/** Whether it has what each message on the way in has, as `/openapi.json` describes it. */
export function isMessageLike(one: unknown): boolean {
  if (typeof one !== "object" || one === null) return false;
  const { body, contentType, id, headers } = one as Readonly<Record<string, unknown>>;
  return (
    typeof body === "string" &&
    typeof contentType === "string" &&
    (id === undefined || typeof id === "string") &&
    (headers === undefined || isHeaders(headers))
  );
}

function isHeaders(headers: unknown): boolean {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) return false;
  return Object.values(headers).every((value) => ["string", "number", "boolean"].includes(typeof value));
}
