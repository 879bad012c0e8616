import { Command } from "commander";
import type { GatewayCommandOptions } from "../gateway.js";
import { numberOption } from "../number-option.js";

export function gatewayCommand(): Command {
  return new Command("gateway")
    .summary("serve queues, topics, values, locks and calls over HTTP")
    .description(
      "Serves the named objects of this user over HTTP, for curl, Python, any HTTP client, and openQueue() with an http: url. It prints " +
        "its url, and serves until it is interrupted. Without tokens it answers programs of this machine only; what it serves is " +
        "described at /openapi.json.",
    )
    .option("--port <n>", "the port; 0 picks one that is free", numberOption(0, 65_535), 0)
    .option("--host <address>", "where to listen; any but this machine's own needs tokens", "127.0.0.1")
    .option("--token-file <file>", "a token in each line, or a JSON list of { token, read, write, admin }")
    .option("--cert <file>", "a certificate (PEM), for https; with --key")
    .option("--key <file>", "its key (PEM)")
    .option(
      "--queues <prefix>",
      "what stands before a queue's name to make its url: shm:, file:/var/jobs/, redis://host/",
      "shm:",
    )
    .option("--topics <prefix>", "the same for topics", "shm:")
    .option("--client-ca <file>", "serve only clients that have a certificate of these authorities (PEM); with --cert")
    .option("--origin <origin...>", "pages of these origins may ask, such as https://example.org")
    .option("--api <module>", "a JavaScript module whose functions are called by POST /api/NAME")
    .option("--json", "print url and port as JSON")
    .action(async (options: GatewayCommandOptions) => {
      const { gatewayCommand: serve } = await import("../gateway.js");
      process.exitCode = await serve(options);
    });
}
