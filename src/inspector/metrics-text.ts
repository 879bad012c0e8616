/** One figure of a family; of a histogram `suffix` says which. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

/** Figures of one name. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly MetricSample[];
}

/** Figures in Prometheus' text format 0.0.4; a family without any is left out. */
export function metricsText(families: readonly MetricFamily[]): string {
  const lines = families.flatMap(({ name, help, type, samples }) =>
    samples.length === 0
      ? []
      : [
          `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
          `# TYPE ${name} ${type}`,
          ...samples.map(({ labels, value, suffix = "" }) => `${name}${suffix}${labelsText(labels)} ${figure(value)}`),
        ],
  );
  return lines.map((line) => `${line}\n`).join("");
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

const figure = (value: number): string => (Math.abs(value) === Infinity ? `${value > 0 ? "+" : "-"}Inf` : `${value}`);
