import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "#src/memory/registry.js";
import { addon } from "#src/native/addon.js";

const shared = process.env.INTERPROC_DIR as string;
let count = 0;

/** A directory for shared objects of a test's own, in force from here until it is disposed of. */
export class OwnDirectory implements Disposable {
  readonly path = join(shared, `.own-${process.pid}-${count++}`);
  private readonly places: Registry[] = [];

  constructor() {
    mkdirSync(this.path, { mode: 0o700 });
    process.env.INTERPROC_DIR = this.path;
  }

  /** One place more for this thread. */
  attach(): Registry {
    const place = Registry.attach();
    this.places.push(place);
    return place;
  }

  /** Gives a place back, as a thread does that ends. */
  leave(place: Registry): void {
    place.leave();
    addon().close(place.fifo);
    this.places.splice(this.places.indexOf(place), 1);
  }

  /** Takes a place away as the kernel does from a thread that is killed. */
  abandon(place: Registry): void {
    addon().close((place as unknown as { fd: number }).fd);
    addon().close(place.fifo);
    addon().detach(place.buffer);
    this.places.splice(this.places.indexOf(place), 1);
  }

  /** What lies in it, folders included. */
  list(): string[] {
    return readdirSync(this.path, { recursive: true }).map(String).sort();
  }

  /** What lies in it beside the registry and its folders. */
  objects(): string[] {
    return readdirSync(this.path, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && entry.name !== ".registry" && !entry.parentPath.endsWith(".parkers"))
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path.length + 1))
      .sort();
  }

  [Symbol.dispose](): void {
    for (const place of [...this.places]) this.leave(place);
    process.env.INTERPROC_DIR = shared;
    rmSync(this.path, { recursive: true, force: true });
  }
}
