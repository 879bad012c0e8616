// `npm run stress -- [options]`: sets up, builds what is stale and runs the long version of the kill tests.
import { build } from "./build.mjs";
import { main, run } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async (args) => {
  await setup("build");
  return (await build(["src", "test"])) || run(process.execPath, ["build/test/stress/main.js", ...args]);
});
