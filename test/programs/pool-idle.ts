// Makes a pool, waits until it is warm, and leaves it as it is.
import { isMain, Pool } from "interproc";
import { napping } from "./pool-work.js";

if (isMain(import.meta)) {
  const pool = new Pool({ processes: 2, initializer: napping, initArgs: [300] });
  const first = pool.warm(1);
  await pool.warm();
  await first;
  console.log("warm", pool.pids.join(" "));
}
