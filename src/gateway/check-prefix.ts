import { parseBrokerUrl } from "../brokers/broker-url.js";
import { UsageError } from "../errors.js";

/** A gateway says at once what every request would be told. @throws UsageError for what makes no url of a name */
export function checkPrefix(option: "queues" | "topics", prefix: unknown): void {
  try {
    parseBrokerUrl(`${prefix}name`, "gateway()");
  } catch {
    throw new UsageError(
      `gateway(): ${option} is no beginning of an url; allowed: what stands before a name, such as shm:, file:/var/jobs/, redis://host/`,
    );
  }
}
