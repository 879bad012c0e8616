import { killBroker } from "./broker-kill.js";
import type { FaultOptions } from "./fault-run.js";
import type { FaultTally } from "./fault-tally.js";
import { type Broker, brokers } from "./own-server.js";

/** So many faults at each broker, or at one; what is not installed is left out, and said. */
export async function killBrokers(
  options: FaultOptions,
  broker?: Broker,
): Promise<{ readonly isClean: boolean; readonly complaints: readonly string[]; toString(): string }> {
  const tallies: FaultTally[] = [];
  for (const one of broker === undefined ? brokers : [broker]) {
    const tally = await killBroker(one, options);
    if (tally === undefined) console.log(`skipped: ${one}, whose server is not installed; npm run brokers -- start`);
    else tallies.push(tally);
  }
  return {
    isClean: tallies.every(({ isClean }) => isClean),
    complaints: tallies.flatMap(({ complaints }) => complaints),
    toString: () => tallies.join("\n"),
  };
}
