import { ageText } from "../age-text.js";
import type { Screen } from "../screen.js";

const BAR = 20;

/** How far a run is: one line that is drawn again and again on a terminal, nothing elsewhere. */
export class BenchProgress {
  private readonly startedAt = performance.now();
  private isDrawn = false;

  constructor(
    private readonly screen: Screen,
    private readonly write: (text: string) => void,
  ) {}

  next(done: number, of: number, what: string): void {
    if (!this.screen.isTerminal) return;
    const { colors, dot, columns } = this.screen;
    const bar = this.screen.bar(done / of, BAR);
    const seconds = (performance.now() - this.startedAt) / 1000;
    const left = done === 0 ? "" : `  ${ageText((seconds / done) * (of - done))} left`;
    const text = `  ${done}/${of}${left}  ${what}`.slice(0, columns - BAR - 1);
    this.write(`\r${colors.cyan(bar)}${colors.dim(dot.repeat(BAR - bar.length))}${text}\u001b[K`);
    this.isDrawn = true;
  }

  /** Takes the line away. */
  end(): void {
    if (this.isDrawn) this.write("\r\u001b[K");
    this.isDrawn = false;
  }
}
