/*
 * Gate: who may ask the inspector.
 *
 * Idea    Any page that a browser shows can make it send requests to 127.0.0.1, also under a name of its own that is made
 *         to resolve there. So a request must be for a Host that is ours, compared as text: whoever parses addresses
 *         finds that there is one more way to write them. It must come from our own page, as the browser says by Origin
 *         and Sec-Fetch-Site, which no page can forge. And it must know a secret of 256 bits that is printed once.
 * States  token      what the command prints, in the part of the url that is never sent
 *         session    what the page gets for the token: a cookie that no script reads and no other site has sent along
 * Order   host, then origin, then method and form, then the secret: a stranger learns nothing of what comes behind.
 * Limits  Cookies know no ports. A server of another user of this machine at another port of 127.0.0.1 is sent the session
 *         if it is opened in the same browser; it can read by it from outside of a browser until this server ends, which is
 *         why changes also need a header that only our page sends and an Origin.
 * Source  Node's inspector, which was got round by parsed host names four times; Jupyter's token.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const MOST_SESSIONS = 64;

/** Why a request is refused: its HTTP status and a sentence. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 413 | 415;
  readonly reason: string;
}

export class Gate {
  /** Printed once, never sent in an url. */
  readonly token: string = randomBytes(32).toString("base64url");
  private readonly hosts: ReadonlySet<string>;
  private readonly sessions: string[] = [];

  constructor(private readonly port: number) {
    this.hosts = new Set(["127.0.0.1", "[::1]", "localhost"].map((name) => `${name}:${port}`));
  }

  /** The cookie of a new session. */
  newCookie(): string {
    const session = randomBytes(32).toString("base64url");
    this.sessions.push(session);
    if (this.sessions.length > MOST_SESSIONS) this.sessions.shift();
    return `${this.cookieName}=${session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** What every request must be: for us by name, and from nobody else's page. */
  refuseStranger({ headers, rawHeaders, url }: IncomingMessage): Refusal | undefined {
    const named = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
    if (named.length !== 1 || !this.hosts.has(headers.host ?? ""))
      return forbidden("this is not the host that was asked for");
    if (!url?.startsWith("/")) return { status: 400, reason: "the target is no path" };
    if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`)
      return forbidden("the origin is another one");
    return undefined;
  }

  /** What a request for data must be, too. */
  refuseForeignPage({ headers }: IncomingMessage): Refusal | undefined {
    const site = headers["sec-fetch-site"];
    if (site !== undefined && site !== "same-origin" && site !== "none") return forbidden("it comes from another site");
    return undefined;
  }

  /** What a request must be that a browser is to have sent for our own page: it has an origin. */
  refuseWithoutOrigin({ headers }: IncomingMessage): Refusal | undefined {
    return headers.origin === undefined ? forbidden("it has no origin") : undefined;
  }

  /** Whether it knows the token, or has a session for it. */
  refuseUnknown(request: IncomingMessage): Refusal | undefined {
    return this.hasToken(request) || this.hasSession(request)
      ? undefined
      : { status: 401, reason: "open the url that the command has printed" };
  }

  /** Whether it knows the token itself. */
  hasToken({ headers }: IncomingMessage): boolean {
    const [, given] = /^Bearer ([\w-]{1,256})$/.exec(headers.authorization ?? "") ?? [];
    return given !== undefined && isSame(given, this.token);
  }

  private hasSession({ headers }: IncomingMessage): boolean {
    const given = (headers.cookie ?? "")
      .split(";")
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(`${this.cookieName}=`))
      .map((pair) => pair.slice(this.cookieName.length + 1));
    let found = false;
    for (const one of given) for (const session of this.sessions) if (isSame(one, session)) found = true;
    return found;
  }

  private get cookieName(): string {
    return `interproc-${this.port}`;
  }
}

const forbidden = (reason: string): Refusal => ({ status: 403, reason });

/** In the same time whatever differs. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
