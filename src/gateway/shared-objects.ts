import { UsageError } from "../errors.js";

/** A number in shared memory, as clients see it: a 64-bit integer as a string of digits, which JSON carries whole. */
export interface ServedValue {
  readonly kind: string;
  readonly value: Plain;
  set(value: Plain): void;
  /** False when it was another one. */
  replace(expected: Plain, value: Plain): boolean;
  /** What stands there once that was set: `f32` keeps less than was asked for. */
  stored(value: Plain): Plain;
  /** Gives the new value. */
  add(delta: Plain): Plain;
  close(): void;
}

export type Plain = number | string | boolean;

/** A lock that somebody holds through the gateway. */
export interface ServedHold {
  readonly abandoned: boolean;
  release(): void;
}

const KINDS = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64", "bool"] as const;
type Kind = (typeof KINDS)[number];
type Element = number | bigint | boolean;

/** Opens the value of that name or, when a kind is given, makes it. @throws NotFoundError, MismatchError, UsageError */
export async function openServedValue(name: string, kind?: string): Promise<ServedValue> {
  const { SharedValue } = await import("../primitives/memory/shared-value.js");
  const known = KINDS.find((one) => one === kind);
  if (kind !== undefined && known === undefined)
    throw new UsageError(`value ${name}: the kind is ${JSON.stringify(kind)}; allowed: ${KINDS.join(", ")}`);
  const shared = known === undefined ? SharedValue.open(name) : SharedValue.openOrCreate(name, known);
  const of = (plain: Plain): Element => elementOf(shared.kind, plain, name);
  return {
    kind: shared.kind,
    get value() {
      return plainOf(shared.value);
    },
    set(value) {
      shared.value = fitting(shared.kind, of(value), name) as never;
    },
    replace(expected, value) {
      const before = of(expected);
      const next = fitting(shared.kind, of(value), name);
      const found: unknown = shared.compareExchange(before as never, next as never);
      return found === before || (Number.isNaN(found) && Number.isNaN(before));
    },
    stored: (value) => plainOf(fitting(shared.kind, of(value), name)),
    add(delta) {
      if (shared.kind === "bool") throw new UsageError(`value ${name}: add() to a bool; allowed: numbers`);
      const change = of(delta) as number;
      const before = shared.add(change) as number;
      return plainOf(wrapped(shared.kind, before + change));
    },
    close: () => shared.close(),
  };
}

/** Takes the lock of that name, or makes it. @throws TimeoutError, and the reason of `signal` */
export async function acquireServedLock(name: string, timeout: number, signal: AbortSignal): Promise<ServedHold> {
  const { Lock } = await import("../primitives/locks/lock.js");
  const lock = Lock.openOrCreate(name);
  try {
    const hold = await lock.acquire({ timeout, signal });
    return {
      abandoned: hold.abandoned,
      release: () => {
        hold.release();
        lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

const plainOf = (value: Element): Plain => (typeof value === "bigint" ? String(value) : value);

function elementOf(kind: Kind, plain: Plain, name: string): Element {
  if (kind === "bool" && typeof plain === "boolean") return plain;
  if (kind.endsWith("64") && kind !== "f64") {
    if (typeof plain === "string" && /^-?\d{1,20}$/.test(plain)) return BigInt(plain);
    if (typeof plain === "number" && Number.isSafeInteger(plain)) return BigInt(plain);
  } else if (kind !== "bool" && typeof plain === "number" && (kind.startsWith("f") || Number.isInteger(plain)))
    return plain;
  throw new UsageError(
    `value ${name}: ${JSON.stringify(plain)} is no ${kind}; allowed: true or false for bool, digits as a string for i64 and u64, ` +
      "a whole number for other integers, a number for f32 and f64",
  );
}

/** The memory would keep other bits of it than were asked for. @throws UsageError */
function fitting(kind: Kind, element: Element, name: string): Element {
  if (typeof element === "boolean" || kind.startsWith("f"))
    return kind === "f32" ? Math.fround(Number(element)) : element;
  const bits = BigInt(kind.slice(1));
  const [least, most] = kind.startsWith("i")
    ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]
    : [0n, (1n << bits) - 1n];
  if (element >= least && element <= most) return element;
  throw new UsageError(`value ${name}: ${element} is no ${kind}; allowed: ${least} to ${most}`);
}

/** As the memory has it after an addition. */
function wrapped(kind: Kind, sum: number | bigint): Element {
  if (typeof sum === "bigint") return kind === "i64" ? BigInt.asIntN(64, sum) : BigInt.asUintN(64, sum);
  if (kind === "f64") return sum;
  if (kind === "f32") return Math.fround(sum);
  const bits = Number(kind.slice(1));
  const low = Number(BigInt.asUintN(bits, BigInt(Math.trunc(sum))));
  return kind.startsWith("i") && low >= 2 ** (bits - 1) ? low - 2 ** bits : low;
}
