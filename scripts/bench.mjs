// `npm run bench -- NAME [options]`: sets up, builds what is stale and measures.
import { build } from "./build.mjs";
import { main, run } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async (args) => {
  await setup(["map", "brokers"].includes(args[0]) ? `bench ${args[0]}` : "build");
  return (await build(["src", "bench"])) || run(process.execPath, ["build/bench/main.js", ...args]);
});
