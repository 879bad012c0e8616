import { metricsText } from "../inspector/metrics-text.js";
import { objectMetrics } from "../inspector/object-metrics.js";
import { snapshot } from "../inspector/snapshot.js";

/** Prints the figures of all objects. Gives the exit code. */
export function metrics({ json }: { readonly json?: boolean }): number {
  const families = objectMetrics(snapshot());
  process.stdout.write(json ? `${JSON.stringify(families, null, 2)}\n` : metricsText(families));
  return 0;
}
