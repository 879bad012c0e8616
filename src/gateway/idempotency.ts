import { createHash } from "node:crypto";
import { Problem } from "./problem.js";

const MOST_KEYS = 10_000;
const KEPT_MS = 600_000;

interface Known {
  readonly digest: string;
  readonly result: Promise<unknown>;
  readonly until: number;
}

/**
 * What was done for which `Idempotency-Key`: who repeats a request within ten minutes gets the first one's answer. What
 * failed is forgotten, and may be tried again. It is in this process's memory, and of the last 10,000 keys.
 */
export class Idempotency {
  private readonly known = new Map<string, Known>();

  /** @throws Problem 400 for a key that is none, 422 for one that came with something else */
  once<R>(key: string | null, scope: string, bytes: Uint8Array, act: () => Promise<R>): Promise<R> {
    if (key === null) return act();
    if (!/^[\x21-\x7e]{1,255}$/.test(key))
      throw new Problem(400, "the Idempotency-Key is not allowed; allowed: 1 to 255 visible characters", {
        code: "ERR_INTERPROC_USAGE",
      });
    const name = `${scope}\n${key}`;
    const digest = createHash("sha256").update(bytes).digest("base64");
    const before = this.known.get(name);
    if (before !== undefined && before.until > performance.now()) {
      if (before.digest !== digest)
        throw new Problem(422, "the Idempotency-Key came before, with another body", { code: "ERR_INTERPROC_USAGE" });
      return before.result as Promise<R>;
    }
    const result = act();
    const known = { digest, result, until: performance.now() + KEPT_MS };
    this.known.delete(name);
    this.known.set(name, known);
    result.catch(() => this.known.get(name) === known && this.known.delete(name));
    if (this.known.size > MOST_KEYS) for (const [oldest] of this.known) return this.forget(oldest, result);
    return result;
  }

  private forget<R>(name: string, result: Promise<R>): Promise<R> {
    this.known.delete(name);
    return result;
  }
}
