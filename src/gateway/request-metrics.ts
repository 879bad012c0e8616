import type { Route } from "./route.js";

/** Upper bounds of the histogram, in seconds. */
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, Number.POSITIVE_INFINITY];

interface Times {
  readonly buckets: number[];
  sum: number;
}

/** Counts the requests of one gateway, by their routes and what they were answered, and how long that took. */
export class RequestMetrics {
  private running = 0;
  private readonly counts = new Map<string, { readonly route: string; readonly status: string; count: number }>();
  private readonly times = new Map<string, Times>();
  private readonly routes = new WeakMap<Request, string>();

  /** The same routes, whose requests are told apart from now on. */
  named(routes: readonly Route[]): Route[] {
    return routes.map((route) => ({
      ...route,
      handle: (call) => {
        this.routes.set(call.request, route.name);
        return route.handle(call);
      },
    }));
  }

  /** Has a request answered, and counts it. */
  async measure(request: Request, answer: (request: Request) => Promise<Response>): Promise<Response> {
    const from = performance.now();
    this.running++;
    try {
      const response = await answer(request);
      this.count(this.routes.get(request) ?? "none", String(response.status), (performance.now() - from) / 1000);
      return response;
    } finally {
      this.running--;
    }
  }

  /** The figures, as families of metrics. */
  get families() {
    const requests = [...this.counts.values()].map(({ route, status, count }) => ({
      ...{ labels: { route, status }, value: count },
    }));
    const durations = [...this.times].flatMap(([route, { buckets, sum }]) => {
      let below = 0;
      const bars = BUCKETS.map((bound, index) => {
        below += buckets[index];
        const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound);
        return { suffix: "_bucket" as const, labels: { route, le }, value: below };
      });
      const whole = { labels: { route } };
      return [
        ...bars,
        { ...whole, suffix: "_sum" as const, value: sum },
        { ...whole, suffix: "_count" as const, value: below },
      ];
    });
    return [
      {
        name: "interproc_gateway_requests_total",
        help: "Requests that were answered, by operation (none: refused before) and status.",
        type: "counter" as const,
        samples: requests,
      },
      {
        name: "interproc_gateway_requests_running",
        help: "Requests that are being answered.",
        type: "gauge" as const,
        samples: [{ labels: {}, value: this.running }],
      },
      {
        name: "interproc_gateway_request_duration_seconds",
        help: "Seconds until the head of the answer, what the client asked to wait included.",
        type: "histogram" as const,
        samples: durations,
      },
    ];
  }

  private count(route: string, status: string, seconds: number): void {
    const key = `${route} ${status}`;
    const known = this.counts.get(key) ?? { route, status, count: 0 };
    known.count++;
    this.counts.set(key, known);
    const times = this.times.get(route) ?? { buckets: BUCKETS.map(() => 0), sum: 0 };
    times.buckets[BUCKETS.findIndex((bound) => seconds <= bound)]++;
    times.sum += seconds;
    this.times.set(route, times);
  }
}
