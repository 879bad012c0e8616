/** Asks the engine what an object is, whatever its prototype says: each class has a getter or a method that only its own survive. */
function survives(ask: (this: unknown) => unknown): (value: unknown) => boolean {
  return (value) => {
    try {
      ask.call(value);
      return true;
    } catch {
      return false;
    }
  };
}

function getter(prototype: object, key: string): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as (this: unknown) => unknown;
}

const isNumberObject = isObjectThat(survives(Number.prototype.valueOf));
const isStringObject = isObjectThat(survives(String.prototype.valueOf));
const isBooleanObject = isObjectThat(survives(Boolean.prototype.valueOf));
const isSymbolObject = isObjectThat(survives(Symbol.prototype.valueOf));
const isBigIntObject = isObjectThat(survives(BigInt.prototype.valueOf));

function isObjectThat(is: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => typeof value === "object" && value !== null && is(value);
}

/** What the codec asks of `node:util`, in whose place this stands. */
export const types = {
  isMap: survives(getter(Map.prototype, "size")),
  isSet: survives(getter(Set.prototype, "size")),
  isDate: survives(Date.prototype.getTime),
  isArrayBuffer: survives(getter(ArrayBuffer.prototype, "byteLength")),
  isSharedArrayBuffer:
    typeof SharedArrayBuffer === "undefined"
      ? (): boolean => false
      : survives(getter(SharedArrayBuffer.prototype, "byteLength")),
  isRegExp: (value: unknown): boolean =>
    value !== RegExp.prototype && survives(getter(RegExp.prototype, "global"))(value),
  isNativeError: (value: unknown): boolean => Object.prototype.toString.call(value) === "[object Error]",
  /** A page cannot tell: a proxy is sent as what it shows. */
  isProxy: (_: unknown): boolean => false,
  isNumberObject,
  isStringObject,
  isBooleanObject,
  isSymbolObject,
  isBoxedPrimitive: (value: unknown): boolean =>
    isNumberObject(value) ||
    isStringObject(value) ||
    isBooleanObject(value) ||
    isSymbolObject(value) ||
    isBigIntObject(value),
};
