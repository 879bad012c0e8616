import { ageText } from "./age-text.js";
import { grouped, rate } from "./figures.js";
import type { Screen } from "./screen.js";

const REDRAW_MS = 100;
const BAR = 30;

/** How far `map` is: one line that is drawn again and again on a terminal, nothing elsewhere. */
export class MapProgress {
  private readonly startedAt = performance.now();
  private drawnAt = 0;
  private count = 0;

  constructor(
    private readonly screen: Screen,
    private readonly write: (text: string) => void,
    /** Bytes of the input, where that is known. */
    private readonly total: number | undefined,
  ) {}

  /** One call has ended; so many bytes of the input were read by now. */
  done(failed: number, bytes: number): void {
    this.count++;
    if (!this.screen.isTerminal || performance.now() - this.drawnAt < REDRAW_MS) return;
    this.draw(failed, bytes);
  }

  end(failed: number, bytes: number): void {
    if (!this.screen.isTerminal) return;
    this.draw(failed, bytes);
    this.write("\n");
  }

  /** Says something that stays. */
  say(line: string): void {
    this.write(this.screen.isTerminal ? `\r\u001b[K${line}` : line);
  }

  private draw(failed: number, bytes: number): void {
    this.drawnAt = performance.now();
    const seconds = (this.drawnAt - this.startedAt) / 1000;
    const { colors, dot } = this.screen;
    const parts = [`${grouped(this.count)} lines`, `${grouped(rate(this.count, seconds))}/s`];
    if (failed > 0) parts.push(colors.red(`${grouped(failed)} failed`));
    let bar = "";
    if (this.total !== undefined && this.total > 0 && bytes > 0) {
      const fraction = Math.min(1, bytes / this.total);
      const drawn = this.screen.bar(fraction, BAR);
      bar = `${colors.cyan(drawn)}${colors.dim(dot.repeat(BAR - drawn.length))}  `;
      if (fraction < 1) parts.push(`${ageText((seconds / fraction) * (1 - fraction))} left`);
    }
    this.write(`\r${bar}${parts.join("  ")}\u001b[K`);
  }
}
