// The main job: `npm start -- [FOLDER] [options]` sets up, builds what is stale and runs `interproc demo`; with a command
// of interproc as the first argument, that one.
import { build } from "./build.mjs";
import { main, run } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async (args) => {
  await setup("build");
  const command = ["demo", "doctor", "--help", "--version"].includes(args[0]) ? args : ["demo", ...args];
  return (await build(["src"])) || run(process.execPath, ["dist/cli/main.js", ...command]);
});
