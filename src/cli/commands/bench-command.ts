import { Command, InvalidArgumentError } from "commander";
import type { BenchOptions } from "../bench.js";

const LEAST_SECONDS = 0.05;
const MOST_SECONDS = 60;

export function benchCommand(): Command {
  return new Command("bench")
    .summary("measure every mechanism on this machine, and say which to take")
    .description(
      "Measures round trips and throughput between two processes: pipe, queue, value, shared memory, semaphore, unix socket, TCP, UDP, " +
        "WebSocket, HTTP, the gateway, child_process, worker thread, Python, a durable queue in a folder, and the brokers that answer. " +
        "Prints tables and what to take for what, with the figures behind it. Exit code 1 when something that was asked for has no " +
        "figures.\n\nIt takes about two minutes; fewer --sizes, --only and fewer --seconds make it shorter.",
    )
    .option("--only <names>", "these only, separated by commas: pipe,unix,tcp")
    .option("--sizes <sizes>", "lengths of messages, separated by commas", "64,1k,16k,1m")
    .option("--seconds <n>", "how long each figure is measured, after a warm-up", seconds, 0.5)
    .option("--for <needs>", "say what fits these needs: size=64,latency=100us,durable,remote")
    .option("--report <file.html>", "write a page with charts and all figures")
    .option(
      "--brokers <url...>",
      "servers instead of the usual ones at 127.0.0.1: redis://, nats://, amqp://, activemq://",
    )
    .option("--folder <path>", "where durable queues in files are made; default: the folder for temporary files")
    .option("--json", "print one JSON document instead of tables")
    .action(async (options: BenchOptions) => {
      const { bench } = await import("../bench.js");
      process.exitCode = await bench(options);
    });
}

function seconds(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (number >= LEAST_SECONDS && number <= MOST_SECONDS) return number;
  throw new InvalidArgumentError(`Allowed: ${LEAST_SECONDS} to ${MOST_SECONDS} seconds.`);
}
