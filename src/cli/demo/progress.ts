import { bytesText, counted, grouped, rate } from "../figures.js";
import type { Screen } from "../screen.js";

/** How far a run is. */
export interface Standing {
  readonly filesDone: number;
  readonly filesFound: number;
  /** More may be found. */
  readonly isWalking: boolean;
  readonly bytes: number;
  /** Between processes; `undefined` for a run that needs none. */
  readonly messages?: number;
}

const REDRAW_MS = 80;
const LINE_EVERY_MS = 1000;
const WIDEST_BAR = 40;
const NARROWEST_BAR = 5;
/** Room for the figures behind the bar, so that it keeps its width while they grow. */
const FIGURES = 62;

/** Tells how far a run is: one line that is drawn again and again on a terminal, now and then a plain line elsewhere. */
export class Progress {
  private readonly startedAt = performance.now();
  private tellAt: number;

  constructor(
    private readonly label: string,
    private readonly screen: Screen,
    private readonly write: (text: string) => void,
  ) {
    this.tellAt = screen.isTerminal ? 0 : this.startedAt + LINE_EVERY_MS;
  }

  /** Cheap when there is nothing to tell yet, so it may be called for each message. */
  show(standing: Standing): void {
    if (performance.now() < this.tellAt) return;
    this.write(this.screen.isTerminal ? `\r${this.drawn(standing)}\u001b[K` : `${this.plain(standing)}\n`);
    this.tellAt = performance.now() + (this.screen.isTerminal ? REDRAW_MS : LINE_EVERY_MS);
  }

  /** The last line; it stays. */
  end(standing: Standing): void {
    this.tellAt = 0;
    this.show(standing);
    if (this.screen.isTerminal) this.write("\n");
  }

  private plain(standing: Standing): string {
    return `${this.label}: ${this.parts(standing).join(", ")}`;
  }

  private drawn(standing: Standing): string {
    const { screen, label } = this;
    const width = Math.min(WIDEST_BAR, screen.columns - label.length - FIGURES);
    const text = this.parts(standing).join("  ");
    if (width < NARROWEST_BAR) return `${label}  ${text}`.slice(0, screen.columns - 1);
    const bar = screen.bar(rate(standing.filesDone, standing.filesFound), width);
    const rest = screen.dot.repeat(width - bar.length);
    const figures = text.slice(0, screen.columns - label.length - width - 5);
    return `${label}  ${screen.colors.cyan(bar)}${screen.colors.dim(rest)}  ${figures}`;
  }

  private parts({ filesDone, filesFound, isWalking, bytes, messages }: Standing): string[] {
    const seconds = (performance.now() - this.startedAt) / 1000;
    const parts = [
      `${grouped(filesDone)} of ${isWalking ? `${grouped(filesFound)}+ files` : counted(filesFound, "file")}`,
      bytesText(bytes),
      `${bytesText(rate(bytes, seconds))}/s`,
    ];
    if (messages !== undefined) parts.push(`${grouped(rate(messages, seconds))} messages/s`);
    return parts;
  }
}
