// `npm run bench -- NAME [options]`: sets up, builds what is stale and measures.
import { build } from "./build.mjs";
import { main, run } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async (args) => {
  await setup(args[0] === "map" ? "bench map" : "build");
  return (await build(["src", "bench"])) || run(process.execPath, ["build/bench/main.js", ...args]);
});
