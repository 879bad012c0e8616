import { pathToFileURL } from "node:url";
import { projectRoot } from "../project-root.js";

interface Status {
  readonly name: string;
  readonly state: string;
  readonly url?: string;
}

const variables = {
  redis: "INTERPROC_TEST_REDIS",
  rabbitmq: "INTERPROC_TEST_AMQP",
  activemq: "INTERPROC_TEST_ACTIVEMQ",
  nats: "INTERPROC_TEST_NATS",
} as const;

/**
 * The url of a server for tests: one that a variable of the environment names, or one that `npm run brokers` has started, as
 * `npm test` does. Undefined where there is none: said on the terminal and, in CI, an error.
 */
export async function serverFor(name: keyof typeof variables): Promise<string | undefined> {
  const given = process.env[variables[name]];
  if (given) return given.replace(/\/$/, "");
  const script = pathToFileURL(`${projectRoot}/scripts/brokers.mjs`).href;
  const { statusOfAll } = (await import(script)) as { statusOfAll(names: string[]): Promise<Status[]> };
  const [{ state, url }] = await statusOfAll([name]);
  if (url !== undefined) return url;
  const what = `skipped: the tests of ${name}, which is ${state}; npm run brokers -- start, or ${variables[name]}=url`;
  if (process.env.CI === "true") throw new Error(what);
  console.log(what);
  return undefined;
}
