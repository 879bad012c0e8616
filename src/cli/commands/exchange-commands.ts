import { Command } from "commander";
import { choiceOption } from "../choice-option.js";
import { numberOption } from "../number-option.js";
import type { RecvOptions } from "../recv.js";
import type { SendOptions } from "../send.js";

const URLS =
  "Urls: shm:NAME is a queue, with --topic a topic, with --connection a listener in shared memory. file:FOLDER is a durable queue; " +
  "amqp://HOST/NAME, activemq://, nats://, redis:// and a gateway's http://HOST:PORT/queues/NAME are queues there. tcp://HOST:PORT, " +
  "tls://, unix:/PATH, ws://, wss://, fd:3 and stdio: are connections.";

/** Commands that pass messages on. */
export function exchangeCommands(): Command[] {
  return [sendCommand(), recvCommand()];
}

function sendCommand(): Command {
  return exchange(new Command("send"))
    .summary("send the lines of stdin to a queue, topic or connection")
    .description(
      `Sends each line of stdin as a message. The queue is made if there is none. At the end of stdin, send to a queue in shared memory ` +
        `waits until somebody else has it, or has taken everything; with --timeout no longer (exit code 3).\n\n${URLS}`,
    )
    .option("--key <key>", "the key of messages to a topic")
    .action(async (url: string, options: SendOptions) => {
      const { send } = await import("../send.js");
      process.exitCode = await send(url, options);
    });
}

function recvCommand(): Command {
  return exchange(new Command("recv"))
    .summary("print what comes from a queue, topic or connection")
    .description(
      `Prints each message as a line: text as it is, other values as JSON. A message is taken from its queue for good once it is ` +
        `printed. It ends when nothing more will come, after --count, or by --timeout (exit code 3).\n\n${URLS}`,
    )
    .option("-n, --count <n>", "end after so many messages", numberOption(1))
    .option("--pattern <pattern>", "what a topic's keys must match: orders.*.paid, orders.#")
    .action(async (url: string, options: RecvOptions) => {
      const { recv } = await import("../recv.js");
      process.exitCode = await recv(url, options);
    });
}

function exchange(command: Command): Command {
  const codecs = ["structured", "json", "text", "bytes", "pickle"];
  return command
    .argument("<url>", "where to")
    .option("--topic", "the url is a topic's")
    .option("--connection", "the url is a connection's")
    .option("--listen", "wait for one connection at the url instead of connecting to it")
    .option(
      "--framing <name>",
      "of a connection: length, lines, raw or python",
      choiceOption(["length", "lines", "raw", "python"]),
    )
    .option("--codec <name>", `of a connection, or a broker's queue: ${codecs.join(", ")}`, choiceOption(codecs))
    .option("--authkey-file <path>", "a file with the key that both sides of a connection prove to know")
    .option("--json", "each line is a JSON value")
    .option("--bytes", "no lines: bytes as they come")
    .option("-t, --timeout <ms>", "milliseconds to wait for each message", numberOption(0));
}
