/** Objects that stand for the world itself, which is no part of a party's state. */
const world = new WeakSet<object>();

/** Leaves an object out of every {@link Fingerprint}. */
export function ofTheWorld<T extends object>(object: T): T {
  world.add(object);
  return object;
}

/** A text that is the same for two graphs of objects exactly when they hold the same things in the same shape. */
export class Fingerprint {
  private readonly seen = new Map<object, number>();
  private text = "";

  of(value: unknown): string {
    this.add(value);
    return this.text;
  }

  private add(value: unknown): void {
    if (typeof value === "function") this.text += "f";
    else if (typeof value !== "object" || value === null)
      this.text += `${typeof value === "string" ? `"${value}"` : String(value)},`;
    else if (world.has(value)) this.text += "w";
    else this.addObject(value);
  }

  private addObject(object: object): void {
    const before = this.seen.get(object);
    if (before !== undefined) {
      this.text += `#${before},`;
      return;
    }
    this.seen.set(object, this.seen.size);
    this.text += `${object.constructor?.name ?? ""}{`;
    if (object instanceof Map || object instanceof Set) for (const entry of object) this.add(entry);
    else if (object instanceof Uint8Array || object instanceof Float64Array) this.text += Array.from(object).join();
    else if (object instanceof ArrayBuffer) this.text += object.byteLength;
    else if (object instanceof Error) this.text += object.message;
    else
      for (const [name, value] of Object.entries(object)) {
        this.text += `${name}:`;
        this.add(value);
      }
    this.text += "}";
  }
}
