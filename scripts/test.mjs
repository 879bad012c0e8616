// All tests: `npm test -- [--fast] [FILE…]`. Sets up, builds and type-checks, lints, then runs every test file in a process
// of its own with a shared-memory directory of its own, and ends with a summary.
//   --fast   leaves out test/package, test/runtimes, test/site, test/stress and what else installs or starts something, and asks
//            property tests for fewer runs
//   FILE…    only the test files whose path contains one of these texts; no lint
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { startBrokers, statusOfAll, stopBrokers } from "./brokers.mjs";
import { build } from "./build.mjs";
import { main, root, run, ScriptError } from "./run.mjs";
import { setup } from "./setup.mjs";
import { runTestFile } from "./test-file.mjs";

const compiled = join(root, "build/test");
const slow =
  /^(package|runtimes|stress|browser|site)\/|^gateway\/mounts|^contract\/broker-(?!shm|file)|^(brokers|calls)\/servers|^brokers\/rabbit/;
const needsServers = /^contract\/broker-(?!shm|file)|^(brokers|calls)\/servers|^brokers\/rabbit/;

await main(async (args) => {
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--fast");
  if (unknown) throw new ScriptError(`npm test: there is no option ${unknown}; usage: npm test -- [--fast] [FILE…]`);
  const isFast = args.includes("--fast");
  const filters = args.filter((arg) => arg !== "--fast");
  const startedAt = performance.now();
  const failures = [];

  await setup("test");
  if ((await build()) !== 0) failures.push("types (tsc -b)");
  if (filters.length === 0) {
    const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
    if ((await run(process.execPath, [biome, "check", "."])) !== 0) failures.push("lint (biome check)");
  }
  const files = testFiles(isFast).filter(
    (file) => filters.length === 0 || filters.some((text) => `test/${file}`.includes(text)),
  );
  if (files.length === 0) throw new ScriptError(`npm test: no test file is called like ${filters.join(" or ")}`);
  const begun = files.some((file) => needsServers.test(file)) ? await startServers() : [];
  // also when a signal ends this
  const stop = () => stopBrokers(begun);
  process.once("exit", stop);
  const tests = await runAll(files, isFast, failures).finally(stop);
  process.off("exit", stop);

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const what = `${tests} tests in ${files.length} files, types${filters.length === 0 ? " and lint" : ""}, ${seconds} s`;
  console.log(`\n${failures.length === 0 ? "all passed" : `failed: ${failures.join(", ")}`} (${what})`);
  console.log(`${Math.max(0, tests - failures.length)} passed, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
});

/** Starts the servers that tests of brokers use, where they are installed and do not run yet; gives which those were. */
async function startServers() {
  const wanted = (await statusOfAll()).filter(({ state }) => state === "stopped");
  const names = wanted.map(({ name }) => name);
  if (names.length > 0) console.log(`starting ${names.join(" and ")} for the tests of brokers`);
  await startBrokers(names);
  return names;
}

/** Paths below build/test, the slow ones last. */
function testFiles(isFast) {
  if (!existsSync(compiled)) return [];
  const isSlow = (file) => slow.test(file);
  const all = readdirSync(compiled, { recursive: true })
    .filter((file) => file.endsWith(".test.js"))
    .sort();
  const quick = all.filter((file) => !isSlow(file));
  return isFast ? quick : [...quick, ...all.filter(isSlow)];
}

/** Runs the files, as many at once as there are processors; gives how many tests ran. */
async function runAll(files, isFast, failures) {
  const waiting = [...files];
  let tests = 0;
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const minutes = slow.test(file) ? 15 : 6;
      const result = await runTestFile(join(compiled, file), { isFast, timeoutMs: minutes * 60_000 });
      const name = `test/${file.replace(/\.js$/, ".ts")}`;
      tests += result.tests;
      const summary = `${name}  ${result.tests} tests, ${(result.durationMs / 1000).toFixed(1)} s`;
      if (result.complaints.length === 0) {
        console.log(`ok    ${summary}`);
      } else {
        failures.push(name);
        console.log(
          `FAIL  ${summary}\n${result.output.trimEnd()}\n${result.complaints.map((c) => `  ${c}\n`).join("")}`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return tests;
}
