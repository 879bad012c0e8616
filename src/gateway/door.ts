/*
 * Door: who may ask the gateway.
 *
 * Idea    Without tokens a gateway is for the programs of this machine, and no page that a browser shows may use it: not by
 *         a name that is made to resolve to 127.0.0.1 (the Host must be ours, compared as text, because there is always
 *         one more way to write an address), and not by a request that needs no permission (a page's requests say their
 *         Origin, or Sec-Fetch-Site). With tokens the token decides, and what it may do with which object.
 * Order   Host, origin, token, then the object: a stranger learns nothing of what comes behind.
 * Limits  Every program of this machine, also of other users, may use a gateway without tokens.
 * Source  DNS rebinding against Node's inspector; RFC 6750 for tokens.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { UsageError } from "../errors.js";
import type { GatewayOptions, GatewayToken, Right } from "./gateway-options.js";
import { Problem } from "./problem.js";

const LOOPBACK = /^(127\.0\.0\.1|\[::1\]|localhost)(:\d{1,5})?$/;
const RIGHTS = ["read", "write", "admin"] as const;
const ALL: Omit<GatewayToken, "token"> = { read: ["*"], write: ["*"], admin: ["*"] };

/** Somebody who was let in, and what they may do. */
export interface Visitor {
  /** The same for the same token. */
  readonly id: string;
  may(right: Right, object: string): boolean;
}

export class Door {
  private readonly hosts: ReadonlySet<string> | undefined;
  private readonly origins: ReadonlySet<string>;
  private readonly known: readonly (Visitor & { readonly digest: Buffer })[] | undefined;

  /** @throws UsageError for tokens and origins that are none */
  constructor({ hosts, tokens, origins = [] }: Pick<GatewayOptions, "hosts" | "tokens" | "origins">) {
    this.hosts = hosts && new Set(hosts);
    for (const origin of origins)
      if (!URL.canParse(origin) || new URL(origin).origin !== origin)
        throw new UsageError(
          `gateway(): an origin is ${JSON.stringify(origin)}; allowed: such as "https://example.org"`,
        );
    this.origins = new Set(origins);
    if (tokens !== undefined && !Array.isArray(tokens))
      throw new UsageError("gateway(): tokens is no list; allowed: tokens, and { token, read, write, admin }");
    if (tokens?.length === 0)
      throw new UsageError("gateway() with no token in tokens; allowed: one or more, or no list");
    this.known = tokens?.map((one: string | GatewayToken, index) =>
      visitor(typeof one === "string" ? { ...ALL, token: one } : { ...one }, index),
    );
  }

  /** The origin of a page of another site that is let in; undefined for all else. */
  letIn({ headers }: Request): string | undefined {
    const origin = headers.get("origin");
    return origin !== null && this.origins.has(origin) ? origin : undefined;
  }

  /** Whether it came to us, and from no page that is not let in. @throws Problem 403 */
  check(request: Request): void {
    const { headers } = request;
    const host = headers.get("host") ?? "";
    const isOurs = this.hosts ? this.hosts.has(host) : this.known !== undefined || LOOPBACK.test(host);
    if (!isOurs) throw new Problem(403, "this is not the host that was asked for");
    const origin = headers.get("origin");
    if (this.letIn(request) !== undefined) return;
    const site = headers.get("sec-fetch-site") ?? "none";
    const isForeign = origin !== null && origin !== `http://${host}` && origin !== `https://${host}`;
    if (isForeign || !["none", "same-origin"].includes(site))
      throw new Problem(403, "it comes from a page of another site");
  }

  /** @throws Problem 403, 401 */
  enter(request: Request): Visitor {
    this.check(request);
    const { headers } = request;
    if (this.known === undefined) return everybody;
    const [, given] = /^Bearer ([\w.~+/=-]{1,1024})$/i.exec(headers.get("authorization") ?? "") ?? [];
    const digest = digestOf(given ?? "");
    let found: Visitor | undefined;
    // all are compared, so that the time tells nothing
    for (const one of this.known) if (timingSafeEqual(one.digest, digest)) found = one;
    if (given === undefined || found === undefined)
      throw new Problem(401, "a token is needed: Authorization: Bearer TOKEN", {
        code: "ERR_INTERPROC_AUTHENTICATION",
        headers: {
          "www-authenticate": `Bearer realm="interproc"${given === undefined ? "" : ', error="invalid_token"'}`,
        },
      });
    return found;
  }
}

const everybody: Visitor = { id: "", may: () => true };
const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

function visitor(rights: GatewayToken, index: number): Visitor & { readonly digest: Buffer } {
  const { token } = rights;
  if (typeof token !== "string" || !/^[\w.~+/=-]{16,1024}$/.test(token))
    throw new UsageError(
      `gateway(): token ${index + 1} is not allowed; allowed: 16 to 1024 of A-Z a-z 0-9 - . _ ~ + / =`,
    );
  for (const name of Object.keys(rights))
    if (name !== "token" && !RIGHTS.includes(name as Right))
      throw new UsageError(
        `gateway(): token ${index + 1} has ${JSON.stringify(name.slice(0, 40))}; allowed: token, ${RIGHTS.join(", ")}`,
      );
  const tests = new Map<Right, readonly RegExp[]>();
  for (const right of RIGHTS) {
    const patterns: unknown = rights[right] ?? [];
    if (!Array.isArray(patterns) || patterns.some((pattern) => typeof pattern !== "string"))
      throw new UsageError(
        `gateway(): ${right} of token ${index + 1} is no list; allowed: patterns like "queues/jobs*"`,
      );
    tests.set(right, patterns.map(patternTest));
  }
  return {
    id: String(index),
    digest: digestOf(token),
    may: (right, object) => (tests.get(right) ?? []).some((test) => test.test(object)),
  };
}

const patternTest = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*")}$`, "s");
