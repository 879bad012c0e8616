// Sets up what a fresh clone lacks: the npm packages and, on Debian, the system packages in the table below. As root with
// CI=true it installs them; on a user's machine it installs nothing and says what to type and what is missing without it.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isScript, main, root, run, ScriptError } from "./run.mjs";

/**
 * What the machine must have. `usedBy`: the purposes that need it; `essential`: without it they cannot go on at all.
 * @type {{ what: string, packages: string[], usedBy: string[], essential: boolean, without: string, isThere(): boolean }[]}
 */
const systemPackages = [
  {
    what: "a C compiler",
    packages: ["gcc", "libc6-dev"],
    usedBy: ["build", "test", "bench map", "bench brokers"],
    essential: true,
    without: "the native addon cannot be built, and shared memory needs it",
    isThere: compilerWorks,
  },
  {
    what: "Python 3",
    packages: ["python3"],
    usedBy: ["test"],
    essential: false,
    without: "the tests of blocks that are shared with Python are left out",
    isThere: () => spawnSync("python3", ["--version"]).status === 0,
  },
  {
    what: "a numpy of Debian's Python",
    packages: ["python3", "python3-numpy"],
    usedBy: ["test"],
    essential: false,
    without: "the tests of blocks that are arrays of numpy's are left out",
    isThere: () => spawnSync("/usr/bin/python3", ["-c", "import numpy"]).status === 0,
  },
  {
    what: "an openssl command",
    packages: ["openssl"],
    usedBy: ["test"],
    essential: false,
    without: "the tests that need certificates are left out",
    isThere: () => spawnSync("openssl", ["version"]).status === 0,
  },
  {
    what: "Chromium",
    packages: ["chromium"],
    usedBy: ["test"],
    essential: false,
    without: "the tests of pages in a real browser are left out",
    isThere: () => spawnSync(process.env.INTERPROC_CHROMIUM ?? "chromium", ["--version"]).status === 0,
  },
  {
    what: "a Redis server",
    packages: ["redis-server"],
    usedBy: ["bench map", "bench brokers", "test", "brokers"],
    essential: false,
    without: "the figures and the tests of Redis are left out",
    isThere: () => spawnSync("redis-server", ["--version"]).status === 0,
  },
  {
    what: "a RabbitMQ server",
    packages: ["rabbitmq-server"],
    usedBy: ["bench brokers", "test", "brokers"],
    essential: false,
    without: "the tests of RabbitMQ are left out",
    isThere: () => existsSync("/usr/lib/rabbitmq/bin/rabbitmq-server"),
  },
  {
    what: "a pika of Debian's Python",
    packages: ["python3", "python3-pika"],
    usedBy: ["test"],
    essential: false,
    without: "the tests of Python programs at RabbitMQ are left out",
    isThere: () => spawnSync("/usr/bin/python3", ["-c", "import pika"]).status === 0,
  },
  {
    what: "an ActiveMQ server",
    packages: ["activemq"],
    usedBy: ["bench brokers", "test", "brokers"],
    essential: false,
    without: "the tests of ActiveMQ are left out",
    isThere: () => existsSync("/usr/share/activemq/bin"),
  },
  {
    what: "a NATS server",
    packages: ["nats-server"],
    usedBy: ["bench brokers", "test", "brokers"],
    essential: false,
    without: "the tests of NATS are left out",
    isThere: () => spawnSync("nats-server", ["--version"]).status === 0,
  },
  {
    what: "a pika of Debian's Python",
    packages: ["python3", "python3-pika"],
    usedBy: ["bench brokers"],
    essential: false,
    without: "the figures of pika are left out",
    isThere: () => spawnSync("/usr/bin/python3", ["-c", "import pika"]).status === 0,
  },
];

const policyFile = "/usr/sbin/policy-rc.d";

/**
 * Makes sure that everything for a purpose ("build", "test", "brokers", "bench map" or "bench brokers") is there. `isAsked`: the user asked
 * for the installation by the command itself.
 */
export async function setup(purpose, { isAsked = false } = {}) {
  checkNode();
  await installSystemPackages(
    systemPackages.filter((entry) => entry.usedBy.includes(purpose)),
    isAsked,
  );
  if (packagesAreThere()) return;
  console.log("installing npm packages (npm ci)");
  // no dependency needs an install script
  const code = await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  if (code !== 0) throw new ScriptError(`npm ci failed with exit code ${code}; the lines above say why`);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new ScriptError(`interproc needs Node.js 20.19 or newer; this is ${process.versions.node}`);
}

/** Does node_modules hold what package-lock.json asks for? (npm keeps its own list of what it installed in there.) */
function packagesAreThere() {
  const installedList = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedList)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedList, "utf8")).packages;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === "") return true;
    if (installed[path] === undefined) return optional === true;
    return installed[path].version === version && existsSync(join(root, path));
  });
}

async function installSystemPackages(entries, isAsked) {
  const missing = entries.filter((entry) => !entry.isThere());
  if (missing.length === 0) return;
  const names = [...new Set(missing.flatMap((entry) => entry.packages))];
  if (process.getuid?.() === 0 && (isAsked || process.env.CI === "true") && existsSync("/usr/bin/apt-get")) {
    await aptInstall(names);
    const stillMissing = missing.filter((entry) => !entry.isThere());
    if (stillMissing.length === 0) return;
    throw new ScriptError(`${names.join(" ")} installed, but ${stillMissing.map((entry) => entry.what)} is not there`);
  }
  const sudo = process.getuid?.() === 0 ? "" : "sudo ";
  for (const { what, without } of missing) console.log(`There is no ${what.replace(/^an? /, "")}: ${without}.`);
  const advice = `On Debian or Ubuntu:  ${sudo}apt-get install -y --no-install-recommends ${names.join(" ")}`;
  if (missing.some((entry) => entry.essential)) throw new ScriptError(advice);
  console.log(`${advice}\nGoing on without.`);
}

async function aptInstall(names) {
  console.log(`installing ${names.join(" ")} (apt-get)`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // installed servers are not to start: the tests start the ones that they need, with ports and folders of their own
  const writesPolicy = !existsSync(policyFile);
  if (writesPolicy) writeFileSync(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...names]]) {
      const code = await run("apt-get", ["-qq", "-o", "Dpkg::Use-Pty=0", ...args], { env });
      if (code !== 0) throw new ScriptError(`apt-get ${args.join(" ")} failed with exit code ${code}`);
    }
  } finally {
    if (writesPolicy) rmSync(policyFile, { force: true });
  }
}

/** The compiler and the C library's headers, which come in a package of their own. */
function compilerWorks() {
  return spawnSync("cc", ["-fsyntax-only", "-x", "c", "-"], { input: "#include <stdio.h>\n" }).status === 0;
}

if (isScript(import.meta.url)) await main(async ([purpose]) => setup(purpose ?? "test"));
