/** What a page of another origin may send, and may see of what comes back. */
const SENDS = "authorization, content-type, accept, idempotency-key, if-match, if-none-match";
const SEES =
  "etag, retry-after, allow, www-authenticate, interproc-receipt, interproc-redelivered, interproc-deliveries, interproc-id";
const DAY_SECONDS = "86400";

/** What lets pages of another origin ask, as far as browsers want to be told. */
export const crossOrigin = {
  /** Whether a request is a browser's question before a request of a page. */
  isQuestion: ({ method, headers }: Request): boolean =>
    method === "OPTIONS" && headers.has("access-control-request-method"),

  /** The answer to that question, for a page of an origin that is let in. */
  yes(): Response {
    const headers = {
      "access-control-allow-methods": "GET, POST, PUT, DELETE",
      "access-control-allow-headers": SENDS,
      "access-control-max-age": DAY_SECONDS,
    };
    return new Response(null, { status: 204, headers });
  },

  /** Lets a page of an origin see an answer. */
  show(origin: string, { headers }: Response): void {
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-expose-headers", SEES);
    headers.append("vary", "origin");
  },
};
