// stand-in of the lead until src/codec/ lands: to be overwritten
import { deserialize, serialize } from "node:v8";
export const HANDLE: unique symbol = Symbol.for("interproc.handle") as never;
export interface DecodeLimits { maxDepth: number; maxCount: number }
export class StructuredEncoder {
  readonly handles: object[] = [];
  private walk(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (HANDLE in value) { this.handles.push(value); return { $handle: this.handles.length - 1 }; }
    if (Array.isArray(value)) return value.map((v) => this.walk(v));
    if (Object.getPrototypeOf(value) === Object.prototype) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, this.walk(v)]));
    return value;
  }
  encodeInto(value: unknown, target: Uint8Array, offset: number, limit: number): number {
    const b = this.encode(value);
    if (offset + b.length > limit) return -1;
    target.set(b, offset);
    return offset + b.length;
  }
  encode(value: unknown): Uint8Array { this.handles.length = 0; return serialize(this.walk(value)); }
}
export class StructuredDecoder {
  constructor(_limits?: Partial<DecodeLimits>) {}
  decode(bytes: Uint8Array, start: number, end: number, take?: (index: number) => object): unknown {
    const un = (v: unknown): unknown => {
      if (typeof v !== "object" || v === null) return v;
      if ("$handle" in v) return take?.(v.$handle as number);
      if (Array.isArray(v)) return v.map(un);
      if (Object.getPrototypeOf(v) === Object.prototype) return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, un(x)]));
      return v;
    };
    return un(deserialize(Buffer.from(bytes.slice(start, end))));
  }
}
export function registerClass<T>(_constructor: new (...args: never[]) => T, _options?: object): void {}
