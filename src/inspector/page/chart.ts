import { Component, type ComponentChild, createRef, h } from "preact";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Series } from "./store.js";

interface ChartProps {
  readonly title: string;
  readonly series: Series;
  /** Which lines of the series, and what they are called. */
  readonly lines: readonly (readonly [index: number, label: string])[];
  /** Changes when there is something new. */
  readonly version: number;
  readonly theme: string;
}

const HEIGHT = 170;

/** Lines over time. */
export class Chart extends Component<ChartProps> {
  private readonly place = createRef<HTMLDivElement>();
  private plot: uPlot | undefined;
  private readonly resize = new ResizeObserver(() => this.fit());

  override componentDidMount(): void {
    this.draw();
    if (this.place.current) this.resize.observe(this.place.current);
  }

  override componentDidUpdate(before: ChartProps): void {
    if (before.theme === this.props.theme && before.series === this.props.series) this.plot?.setData(this.data());
    else this.draw();
  }

  override componentWillUnmount(): void {
    this.resize.disconnect();
    this.plot?.destroy();
  }

  render({ title, lines }: ChartProps): ComponentChild {
    const legend = lines.map(([, label], index) =>
      h("span", { class: "key", key: label }, [h("i", { class: `line-${index}` }), label]),
    );
    return h("figure", { class: "chart" }, [
      h("figcaption", null, [title, h("span", { class: "legend" }, legend)]),
      h("div", { ref: this.place }),
    ]);
  }

  private data(): uPlot.AlignedData {
    const { series, lines } = this.props;
    return [series.times, ...lines.map(([index]) => series.lines[index])] as uPlot.AlignedData;
  }

  private fit(): void {
    const width = this.place.current?.clientWidth ?? 0;
    if (width > 0 && this.plot && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  private draw(): void {
    const place = this.place.current;
    if (!place) return;
    this.plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const axis = {
      stroke: color("--soft"),
      grid: { stroke: color("--rule"), width: 1 },
      ticks: { stroke: color("--rule"), width: 1 },
      font: "11px system-ui",
    };
    const short = new Intl.NumberFormat("en", { notation: "compact" });
    this.plot = new uPlot(
      {
        width: place.clientWidth || 400,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, points: { show: false } },
        scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 1) * 1.1)] } },
        axes: [axis, { ...axis, size: 48, values: (_plot, ticks) => ticks.map((tick) => short.format(tick)) }],
        series: [
          {},
          ...this.props.lines.map(([, label], index) => ({
            label,
            stroke: color(`--line-${index}`),
            width: 1.5,
            points: { show: false },
          })),
        ],
      },
      this.data(),
      place,
    );
  }
}
