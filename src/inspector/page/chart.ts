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

const HEIGHT = 150;
/** Less time than this is not spread over the whole width. */
const LEAST_SECONDS = 60;
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat("en", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** Lines over time; beside each line's name what it is now, or was where the pointer is. */
export class Chart extends Component<ChartProps> {
  private readonly place = createRef<HTMLDivElement>();
  private readonly figures: (HTMLElement | null)[] = [];
  private plot: uPlot | undefined;
  private readonly resize = new ResizeObserver(() => this.fit());

  override componentDidMount(): void {
    this.draw();
    if (this.place.current) this.resize.observe(this.place.current);
  }

  override componentDidUpdate(before: ChartProps): void {
    if (before.theme === this.props.theme && before.series === this.props.series) this.plot?.setData(this.data());
    else this.draw();
    this.tell();
  }

  override componentWillUnmount(): void {
    this.resize.disconnect();
    this.plot?.destroy();
  }

  render({ title, lines }: ChartProps): ComponentChild {
    const legend = lines.map(([, label], index) =>
      h("span", { class: "key", key: label }, [
        h("i", { class: `line-${index}` }),
        `${label} `,
        h("b", {
          ref: (element: HTMLElement | null) => {
            this.figures[index] = element;
          },
        }),
      ]),
    );
    return h("figure", { class: "chart" }, [
      h("figcaption", null, [h("span", null, title), h("span", { class: "legend" }, legend)]),
      h("div", { ref: this.place, class: "plot" }),
    ]);
  }

  private data(): uPlot.AlignedData {
    const { series, lines } = this.props;
    return [series.times, ...lines.map(([index]) => series.lines[index])] as uPlot.AlignedData;
  }

  /** Writes the lines' figures where the pointer is, else the newest. */
  private tell(): void {
    const { series, lines } = this.props;
    const at = this.plot?.cursor.idx ?? series.times.length - 1;
    for (const [index, [line]] of lines.entries()) {
      const value = series.lines[line][at];
      const element = this.figures[index];
      if (element) element.textContent = value === null || value === undefined ? "–" : short.format(value);
    }
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
      ticks: { show: false },
      font: "11px system-ui, sans-serif",
    };
    this.plot = new uPlot(
      {
        width: place.clientWidth || 400,
        height: HEIGHT,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        hooks: { setCursor: [() => this.tell()] },
        scales: {
          x: { range: (_plot, min, max) => [Math.min(min ?? 0, (max ?? 0) - LEAST_SECONDS), max ?? 0] },
          y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 1) * 1.15)] },
        },
        axes: [
          { ...axis, size: 26, space: 90, values: (_plot, ticks) => ticks.map((tick) => clock.format(tick * 1000)) },
          { ...axis, size: 46, space: 34, values: (_plot, ticks) => ticks.map((tick) => short.format(tick)) },
        ],
        series: [
          {},
          ...this.props.lines.map(([, label], index) => ({
            label,
            stroke: color(`--line-${index}`),
            fill: color(`--fill-${index}`),
            width: 1.5,
            spanGaps: true,
            points: { show: false },
          })),
        ],
      },
      this.data(),
      place,
    );
    this.tell();
  }
}
