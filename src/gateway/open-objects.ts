import { Problem } from "./problem.js";

/** Objects of one kind, each opened once for all clients. */
export class OpenObjects<O extends { close(): unknown }> {
  private readonly open = new Map<string, Promise<O>>();

  constructor(private readonly most: number) {}

  /** The object of that name, which is opened when it is not. @throws Problem 429, and whatever opening throws */
  get(name: string, make: () => Promise<O>): Promise<O> {
    const known = this.open.get(name);
    if (known) return known;
    if (this.open.size >= this.most)
      throw new Problem(429, `the gateway has ${this.most} objects of this kind open (maxObjects)`, {
        headers: { "retry-after": "10" },
      });
    const made = make();
    this.open.set(name, made);
    made.catch(() => this.open.get(name) === made && this.open.delete(name));
    return made;
  }

  forget(name: string): void {
    this.open.delete(name);
  }

  async close(): Promise<void> {
    for (const one of this.open.values()) await one.then((object) => object.close()).catch(() => undefined);
    this.open.clear();
  }
}
