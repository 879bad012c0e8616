import { adviceText } from "./advice-text.js";
import type { Advised } from "./advise.js";
import { figureText } from "./figure-text.js";

const MOST_OTHERS = 3;
const INDENT = "  ";

/** Recommendations as lines: what is needed, what fits best and by which figures, and what comes next. */
export function adviceLines(advised: readonly Advised[], isDetailed: boolean): string[] {
  return advised.flatMap(({ what, recommendation }) => {
    const { order, unfit, by, needs } = recommendation;
    if (!isDetailed) {
      if (order.length === 0) return [];
      const [best, ...others] = order;
      const next = others
        .slice(0, MOST_OTHERS)
        .map(
          (one) =>
            `${one.title} ${by === "round trip" ? figureText.micros(one.p50Micros) : figureText.throughput(one.bytesPerSecond)}`,
        );
      const then = next.length === 0 ? [] : [`${INDENT}then: ${next.join(", ")}`];
      return [`${what}: ${best.title}`, `${INDENT}${adviceText(best)}`, ...then];
    }
    const limit = needs.latencyMicros === undefined ? "" : figureText.micros(needs.latencyMicros);
    return [
      `for ${what}, by ${by}:`,
      ...(order.length === 0 ? [`${INDENT}nothing that was measured`] : []),
      ...order.map(
        (one, index) =>
          `${INDENT}${index + 1}. ${one.title}: ${adviceText(one)}${one.isQuickEnough ? "" : `; p99 above ${limit}`}`,
      ),
      ...(unfit.length === 0 ? [] : ["not fit:"]),
      ...unfit.map(({ mechanism, why }) => `${INDENT}${mechanism}: ${why}`),
    ];
  });
}
