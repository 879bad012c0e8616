import { Problem } from "./problem.js";
import type { RequestMetrics } from "./request-metrics.js";
import type { Route } from "./route.js";

const TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What Prometheus asks for. */
export function metricsRoutes(requests: RequestMetrics): Route[] {
  return [
    {
      method: "GET",
      path: "/metrics",
      name: "metrics",
      says: "Figures of all objects of this user and of this gateway's requests, in Prometheus' format. Needs the right to read `metrics`.",
      rights: [],
      answers: { 200: { says: "The figures.", type: TYPE } },
      async handle({ visitor }) {
        if (!visitor.may("read", "metrics")) throw new Problem(403, "the token may not read metrics");
        const [{ metricsText }, { objectMetrics }, { snapshot }] = await Promise.all([
          import("../inspector/metrics-text.js"),
          import("../inspector/object-metrics.js"),
          import("../inspector/snapshot.js"),
        ]);
        const text = metricsText([...objectMetrics(snapshot()), ...requests.families]);
        return new Response(text, { headers: { "content-type": TYPE } });
      },
    },
  ];
}
