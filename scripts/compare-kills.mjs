// `npm run compare-kills -- [--runs N]`: sets up, builds what is stale and kills parties of Python's queues and of ours.
import { build } from "./build.mjs";
import { main, run } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async (args) => {
  await setup("build");
  return (await build(["src", "test"])) || run(process.execPath, ["build/test/stress/compare/main.js", ...args]);
});
