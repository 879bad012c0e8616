// The main job: `npm start -- [FOLDER] [options]` sets up, builds what is stale and runs `interproc demo`; with a command
// of interproc as the first argument, that one.
import { build } from "./build.mjs";
import { main, run } from "./run.mjs";
import { setup } from "./setup.mjs";

await main(async (args) => {
  await setup("build");
  const failed = await build(["src"]);
  if (failed) return failed;
  const { makeProgram } = await import("../dist/cli/program.js");
  const known = ["--help", "--version", ...makeProgram().commands.map((command) => command.name())];
  return run(process.execPath, ["dist/cli/main.js", ...(known.includes(args[0]) ? args : ["demo", ...args])]);
});
