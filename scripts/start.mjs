// The main job: `npm start -- [FOLDER] [options]` sets up, builds what is stale and runs `interproc demo`.
import { build } from "./build.mjs";
import { main, run } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async (args) => {
  await setup("build");
  return (await build(["src"])) || run(process.execPath, ["dist/cli/main.js", "demo", ...args]);
});
