// Real servers for tests and benchmarks: `npm run brokers -- start|stop|status [NAME…] [--json]`. They run on ports and data
// folders of the project's own, below .brokers/; `start` installs what is missing (Debian, as root) and waits until each
// answers, `status` says each one's url with its credentials, `stop` ends only what `start` has started.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { isScript, main, root, ScriptError } from "./run.mjs";
import { setup } from "./setup.mjs";

const home = join(root, ".brokers");
const stateFile = join(home, "state.json");
const PASSWORD = "interproc-test";
/** A server that has not answered by then is given up. */
const patienceMs = 60_000;

/**
 * What can be run. `start` gives the processes in the order in which they are begun; a server answers when `hello` is
 * followed by bytes that `answer` matches.
 */
export const servers = {
  redis: {
    ports: ["port"],
    isThere: () => existsSync("/usr/bin/redis-server"),
    url: ({ port }) => `redis://:${PASSWORD}@127.0.0.1:${port}`,
    hello: "PING\r\n",
    answer: /^(\+PONG|-NOAUTH)/,
    start: (folder, { port }) => [
      [
        "redis-server",
        ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--requirepass", PASSWORD],
        ["--appendonly", "yes", "--appendfsync", "always", "--save", ""],
      ],
    ],
  },
  rabbitmq: {
    ports: ["port", "distributionPort", "epmdPort"],
    isThere: () => existsSync("/usr/lib/rabbitmq/bin/rabbitmq-server"),
    url: ({ port }) => `amqp://guest:guest@127.0.0.1:${port}`,
    hello: Buffer.from("AMQP\0\0\x09\x01", "latin1"),
    // another first byte than that of its refusal, which is our own hello
    answer: /^[^A]/,
    start(folder, { port, distributionPort, epmdPort }) {
      writeFileSync(join(folder, "enabled_plugins"), "[].\n");
      const env = {
        HOME: folder,
        ERL_EPMD_PORT: String(epmdPort),
        RABBITMQ_NODENAME: `interproc-${port}@localhost`,
        RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
        RABBITMQ_NODE_PORT: String(port),
        RABBITMQ_DIST_PORT: String(distributionPort),
        RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
        RABBITMQ_LOG_BASE: join(folder, "log"),
        RABBITMQ_PID_FILE: join(folder, "pid"),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
        RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq"),
      };
      return [
        // started by us, so that Erlang does not leave a daemon of its own behind
        ["epmd", ["-port", String(epmdPort), "-address", "127.0.0.1"], [], env],
        ["/usr/lib/rabbitmq/bin/rabbitmq-server", [], [], env],
      ];
    },
  },
  activemq: {
    ports: ["port"],
    isThere: () => existsSync("/usr/share/activemq/bin"),
    url: ({ port }) => `activemq://interproc:${PASSWORD}@127.0.0.1:${port}`,
    hello: `CONNECT\naccept-version:1.2\nhost:localhost\nlogin:interproc\npasscode:${PASSWORD}\n\n\0`,
    answer: /^CONNECTED/,
    start(folder, { port }) {
      const conf = join(folder, "conf");
      cpSync("/etc/activemq/instances-available/main", conf, { recursive: true });
      const file = join(conf, "activemq.xml");
      const connectors = `<transportConnectors><transportConnector name="stomp" uri="stomp://127.0.0.1:${port}"/></transportConnectors>`;
      const users = `<users><authenticationUser username="interproc" password="${PASSWORD}" groups="users"/></users>`;
      const entries = '<policyEntries><policyEntry queue=">" persistJMSRedelivered="true"/></policyEntries>';
      const policy = `<destinationPolicy><policyMap>${entries}</policyMap></destinationPolicy>`;
      const plugins = `<plugins><simpleAuthenticationPlugin>${users}</simpleAuthenticationPlugin></plugins>`;
      const xml = readFileSync(file, "utf8")
        .replace(/<transportConnectors>[\s\S]*<\/transportConnectors>/, plugins + connectors)
        // delayed messages wait in its scheduler; that a message was handed out is to survive a kill of the server
        .replace(/(<broker\b[^>]*)>/, `$1 schedulerSupport="true">${policy}`);
      writeFileSync(file, xml);
      const share = "/usr/share/activemq";
      const settings = { home: share, base: folder, conf, data: join(folder, "data") };
      return [
        [
          "java",
          ["-Xmx256m", ...Object.entries(settings).map(([name, value]) => `-Dactivemq.${name}=${value}`)],
          ["-cp", `${share}/bin/*:${share}/lib/*:${share}/lib/optional/*`, "org.apache.activemq.console.Main", "start"],
          {},
          [`xbean:file:${file}`],
        ],
      ];
    },
  },
  nats: {
    ports: ["port"],
    isThere: () => existsSync("/usr/sbin/nats-server"),
    url: ({ port }) => `nats://interproc:${PASSWORD}@127.0.0.1:${port}`,
    hello: "",
    answer: /^INFO /,
    start: (folder, { port }) => [
      [
        "nats-server",
        ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", join(folder, "jetstream")],
        ["--user", "interproc", "--pass", PASSWORD],
      ],
    ],
  },
};

const usage = `usage: npm run brokers -- start|stop|status [${Object.keys(servers).join("|")}…] [--json]`;

/** Starts servers that do not run yet and waits until each answers; gives what `status` gives. */
export async function startBrokers(names = Object.keys(servers)) {
  mkdirSync(home, { recursive: true });
  const failures = [];
  for (const name of names) {
    if ((await statusOf(name)).state === "running" || !servers[name].isThere()) continue;
    stopProcesses(readState()[name]?.processes ?? []);
    const folder = join(home, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const ports = await freePorts(name);
    const processes = servers[name].start(folder, ports).map((command) => beginOne(command, folder));
    writeState({ ...readState(), [name]: { ports, processes } });
  }
  await Promise.all(
    names.map(async (name) => {
      const begun = readState()[name];
      if (begun && !(await answersInTime(name, begun))) failures.push(name);
    }),
  );
  if (failures.length > 0)
    throw new ScriptError(`${failures.join(", ")} did not answer; see .brokers/${failures[0]}/output.log`);
  return statusOfAll(names);
}

/**
 * A server of the caller's own, in that folder and on free ports, which it keeps: for tests that kill it. `start` begins it
 * (again) and resolves once it answers; `signal` sends one to all of its processes; `kill` ends it where it is and resolves
 * once it is gone, and so does `stop` with all that belongs to it. Undefined where it is not installed.
 */
export async function ownBroker(name, folder, mostMs) {
  if (!servers[name].isThere()) return undefined;
  mkdirSync(folder, { recursive: true });
  // it is a part of the test, which looks for what it has left
  const { INTERPROC_DIR } = process.env;
  const ports = await freePorts(name);
  let processes = [];
  const signal = (which) => {
    // what stands before the server itself (epmd) outlives it
    const server = processes.at(-1);
    if (server !== undefined && isOurs(server)) process.kill(-server.pid, which);
  };
  const gone = async () => {
    // its process too: `start` would take it for one that still runs
    while ((await accepts(ports.port)) || (processes.length > 0 && isOurs(processes.at(-1)))) await sleep(20);
  };
  return {
    url: servers[name].url(ports),
    signal,
    async start() {
      const commands = servers[name].start(folder, ports);
      processes = commands.map((command, index) =>
        processes[index] !== undefined && isOurs(processes[index])
          ? processes[index]
          : beginOne(command, folder, { INTERPROC_DIR }),
      );
      if (await answersInTime(name, { ports, processes }, mostMs)) return;
      throw new ScriptError(`${name} did not answer; see ${folder}/output.log`);
    },
    async kill() {
      signal("SIGKILL");
      await gone();
    },
    async stop() {
      stopProcesses(processes);
      await gone();
    },
    /** At the end of the process, when nothing can be awaited any more. */
    stopNow: () => stopProcesses(processes),
  };
}

/** What each server is up to: `running`, `stopped`, or `missing` where it is not installed. */
export async function statusOfAll(names = Object.keys(servers)) {
  return Promise.all(names.map(statusOf));
}

/** Ends what was started here. */
export function stopBrokers(names = Object.keys(servers)) {
  const state = readState();
  for (const name of names) {
    stopProcesses(state[name]?.processes ?? []);
    delete state[name];
    rmSync(join(home, name), { recursive: true, force: true });
  }
  writeState(state);
}

async function statusOf(name) {
  const begun = readState()[name];
  if (begun?.processes.every(isOurs) && (await answers(name, begun.ports)))
    return { name, state: "running", url: servers[name].url(begun.ports), pids: begun.processes.map(({ pid }) => pid) };
  return { name, state: servers[name].isThere() ? "stopped" : "missing" };
}

const beginOne = ([command, first, second, env = {}, last = []], folder, more = {}) =>
  begin(command, [...first, ...second, ...last], folder, { ...env, ...more });

function begin(command, args, folder, env) {
  const log = openSync(join(folder, "output.log"), "a");
  // not a test's own directories: a server outlives it
  const { INTERPROC_DIR: _directory, TMPDIR: _temporary, ...inherited } = process.env;
  const child = spawn(command, args, { detached: true, stdio: ["ignore", log, log], env: { ...inherited, ...env } });
  child.on("error", () => undefined).unref();
  if (child.pid === undefined) throw new ScriptError(`${command} cannot be run`);
  return { pid: child.pid, began: startOf(child.pid) };
}

/** When a process began, in ticks since the machine did: with its number it is one process only. */
function startOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
  } catch {
    return undefined;
  }
}

const isOurs = ({ pid, began }) => began !== undefined && startOf(pid) === began;

function stopProcesses(processes) {
  for (const one of [...processes].reverse()) {
    if (!isOurs(one)) continue;
    try {
      // its group: servers are begun by scripts
      process.kill(-one.pid, "SIGKILL");
    } catch {
      // it has just ended by itself
    }
  }
}

async function answersInTime(name, { ports, processes }, mostMs = patienceMs) {
  for (const until = performance.now() + mostMs; performance.now() < until; await sleep(100)) {
    if (await answers(name, ports)) return true;
    if (!processes.every(isOurs)) return false;
  }
  return false;
}

function answers(name, { port }) {
  const { hello, answer } = servers[name];
  return new Promise((done) => {
    let seen = "";
    const end = (isThere) => {
      socket.destroy();
      done(isThere);
    };
    const socket = connect(port, "127.0.0.1", () => socket.write(hello));
    socket.setEncoding("latin1").setTimeout(2000, () => end(false));
    socket.on("data", (text) => {
      seen += text;
      if (answer.test(seen)) end(true);
    });
    socket.on("error", () => end(false)).on("end", () => end(false));
  });
}

/** Whether anybody listens there. */
function accepts(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    const end = (isThere) => {
      socket.destroy();
      done(isThere);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}

const freePorts = async (name) =>
  Object.fromEntries(await Promise.all(servers[name].ports.map(async (port) => [port, await freePort()])));

/** Below those that the system gives to connections, which would take it while a server is away. */
function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on("error", (error) => (error.code === "EADDRINUSE" ? listen() : fail(error)));
    const listen = () => {
      const port = 20_000 + Math.floor(Math.random() * 12_000);
      server.listen(port, "127.0.0.1", () => server.close(() => done(port)));
    };
    listen();
  });
}

const readState = () => (existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, "utf8")) : {});

function writeState(state) {
  mkdirSync(home, { recursive: true });
  writeFileSync(stateFile, JSON.stringify(state, undefined, 2), { mode: 0o600 });
}

function print(found, isJson) {
  if (isJson) return console.log(JSON.stringify(found, undefined, 2));
  for (const { name, state, url = "" } of found) console.log(`${name.padEnd(10)} ${state.padEnd(9)} ${url}`.trimEnd());
}

if (isScript(import.meta.url))
  await main(async (args) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: "boolean", default: false } },
    });
    const [command, ...named] = positionals;
    const unknown = named.find((name) => !(name in servers));
    if (unknown !== undefined) throw new ScriptError(`there is no server ${unknown}\n${usage}`);
    const names = named.length > 0 ? named : Object.keys(servers);
    if (command === "start") {
      if (!names.every((name) => servers[name].isThere())) await setup("brokers", { isAsked: true });
      print(await startBrokers(names), values.json);
    } else if (command === "stop") {
      stopBrokers(names);
      print(await statusOfAll(names), values.json);
    } else if (command === "status") print(await statusOfAll(names), values.json);
    else throw new ScriptError(usage);
  });
