import { loadPeerPackage } from "../peer-packages.js";
import { poolWork } from "../pool-work.js";

/* The worker's side of workerpool-pool.ts. */
loadPeerPackage<{ worker(methods: object): void }>("workerpool").worker(poolWork);
