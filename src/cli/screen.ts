import type { WriteStream } from "node:tty";
import pc from "picocolors";

type Colors = ReturnType<typeof pc.createColors>;

/** What may be drawn on a stream: colours and a moving line on a terminal only, blocks where the locale has them. */
export interface Screen {
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly colors: Colors;
  /** A bar that is full at 1: blocks in eighths, or `#` where the locale is not UTF-8. */
  bar(fraction: number, width: number): string;
  /** What a bar has still to cover. */
  readonly dot: string;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

export function screenOf(stream: WriteStream | NodeJS.WriteStream): Screen {
  const { env } = process;
  const isTerminal = stream.isTTY === true && env.TERM !== "dumb";
  const hasBlocks = /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || "");
  return {
    isTerminal,
    columns: stream.columns || 80,
    dot: hasBlocks ? "·" : ".",
    colors: pc.createColors(isTerminal && !env.NO_COLOR),
    bar(fraction, width) {
      const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
      if (!hasBlocks) return "#".repeat(Math.round(eighths / 8));
      return "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7];
    },
  };
}
