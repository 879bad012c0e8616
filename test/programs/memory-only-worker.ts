// Only its worker threads load the addon, have it watch something, and end; then its watcher thread gets something to do.
import { once } from "node:events";
import { Worker } from "node:worker_threads";

const code = `
  import(process.argv[2]).then(async ({ Registry }) => {
    const { Peers } = await import(process.argv[3]);
    const [mine, other] = [Registry.attach(), Registry.attach()];
    new Peers(mine).watch(other.self);
    mine.leave(), other.leave();
  });`;
const modules = ["#src/memory/registry.js", "#src/sync/peers.js"].map((name) => import.meta.resolve(name));
let workers = 0;
for (; workers < 3; workers++) await once(new Worker(code, { eval: true, argv: modules }), "exit");
console.log(`${workers} workers, watched`);
