import { readdirSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { Bench, BenchOptions } from "./bench.js";
import { describeMachine, machineLine } from "./machine.js";

const folder = dirname(fileURLToPath(import.meta.url));
const suffix = `.bench${extname(fileURLToPath(import.meta.url))}`;

const usage = `Usage: npm run bench -- NAME [--quick] [--runs N] [--only TEXT] [--json]
  --quick      0.2 s for each figure instead of 1 s, one run unless --runs says more
  --runs N     measure everything N times and report the median (default 3)
  --only TEXT  only what has TEXT in its peer's name, mode or size
  --json       one JSON document on stdout instead of tables`;

class CommandLineError extends Error {}

async function main(): Promise<void> {
  const { values, positionals } = parseCommandLine();
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(suffix))
    .map((file) => basename(file, suffix));
  const [name] = positionals;
  if (name === undefined || values.help === true) {
    process.stdout.write(`${usage}\n\nThe benches:\n${await benchList(names)}\n`);
    return;
  }
  if (!names.includes(name)) throw new CommandLineError(`bench: no bench "${name}"; there are ${names.join(", ")}`);
  const quick = values.quick === true;
  const runs = Number(values.runs ?? (quick ? 1 : 3));
  if (!Number.isInteger(runs) || runs < 1) {
    throw new CommandLineError(`bench: --runs ${values.runs} is not a whole number from 1 up`);
  }
  const options: BenchOptions = { quick, runs, only: values.only };
  const machine = describeMachine();
  const report = await (await loadBench(name)).run(options);
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ bench: name, machine, options, ...report.data }, null, 2)}\n`);
  } else {
    process.stdout.write(
      `${name}: ${machineLine(machine)}; median of ${runs} run${runs === 1 ? "" : "s"}\n\n${report.text}\n`,
    );
  }
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean" },
        json: { type: "boolean" },
        only: { type: "string" },
        quick: { type: "boolean" },
        runs: { type: "string" },
      },
    });
  } catch (error) {
    throw new CommandLineError(`bench: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

async function benchList(names: readonly string[]): Promise<string> {
  const width = Math.max(...names.map((name) => name.length));
  const lines = await Promise.all(
    names.map(async (name) => `  ${name.padEnd(width)}  ${(await loadBench(name)).summary}`),
  );
  return lines.join("\n");
}

async function loadBench(name: string): Promise<Bench> {
  const module = (await import(pathToFileURL(`${folder}/${name}${suffix}`).href)) as { bench?: Bench };
  if (module.bench === undefined) throw new Error(`bench: ${name}${suffix} exports no \`bench\``);
  return module.bench;
}

main().catch((error: unknown) => {
  if (error instanceof CommandLineError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
});
