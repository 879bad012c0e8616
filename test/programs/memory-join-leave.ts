// Takes a place in the registry and gives it back, again and again: memory-join-leave ROUNDS SEED
import { existsSync, fstatSync, statSync } from "node:fs";
import { join } from "node:path";
import { Registry } from "#src/memory/registry.js";
import { addon } from "#src/native/addon.js";
import { SeededRandom } from "../rings/seeded-random.js";

const [rounds, seed] = process.argv.slice(2).map(Number);
const random = new SeededRandom(seed);
let [joined, made] = [0, 0];

function visit(deeper: boolean): void {
  const place = Registry.attach();
  const { fd, directory } = place as unknown as { fd: number; directory: string };
  if (fstatSync(fd).ino !== statSync(join(directory, ".registry")).ino)
    throw new Error("joined one that has lost its name");
  if (!existsSync(place.fifoPath(place.self)) || !existsSync(join(directory, ".flight"))) throw new Error("half made");
  if (!place.isAlive(place.self)) throw new Error("not alive");
  if (place.self === 4096) made++;
  if (deeper) visit(false);
  place.leave();
  addon().close(place.fifo);
}

let error: string | undefined;
try {
  for (; joined < rounds; joined++) visit(random.below(8) === 0);
} catch (caught) {
  error = String((caught as Error).stack);
}
console.log(JSON.stringify({ joined, made, error }));
