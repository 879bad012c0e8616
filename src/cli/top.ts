import { type Rate, ratesBetween } from "../inspector/rates.js";
import { snapshot } from "../inspector/snapshot.js";
import type { Snapshot } from "../inspector/snapshot-model.js";
import { interruptible } from "./interruption.js";
import { screenOf } from "./screen.js";
import { frame } from "./top/frame.js";
import { keyOf } from "./top/keys.js";
import { SORTS, type TopView } from "./top/view.js";

export interface TopOptions {
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** Ends after so many looks. */
  readonly count?: number;
  readonly sort: string;
  readonly json?: boolean;
}

const ESCAPE = "\u001b";
const CTRL_C = "\u0003";
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";

/** Shows all objects again and again, with their rates. Gives the exit code. */
export async function top(options: TopOptions): Promise<number> {
  const screen = screenOf(process.stdout);
  const isLive = screen.isTerminal && !options.json;
  const view: TopView = {
    sort: options.sort,
    isReversed: false,
    filter: "",
    from: 0,
    isTyping: false,
    isPaused: false,
  };
  try {
    if (isLive) process.stdout.write(ENTER);
    await interruptible((signal) => watch(options, view, isLive, signal));
  } finally {
    if (isLive) process.stdout.write(LEAVE);
  }
  return 0;
}

async function watch(options: TopOptions, view: TopView, isLive: boolean, signal: AbortSignal): Promise<void> {
  let before: Snapshot | undefined;
  let shot = snapshot();
  let rates = new Map<string, Rate>();
  const draw = (): void => {
    const screen = screenOf(process.stdout);
    const rows = isLive ? process.stdout.rows : Number.POSITIVE_INFINITY;
    const text = frame(shot, rates, view, screen, rows);
    process.stdout.write(isLive ? `\u001b[H${text.replaceAll("\n", "\u001b[K\n")}\u001b[J` : `${text}\n`);
  };
  const pace = new Pace(signal);
  const ending = isLive ? pressKeys(view, draw, pace) : () => undefined;
  try {
    const last = options.count ?? Number.POSITIVE_INFINITY;
    for (let look = 1; ; look++) {
      if (options.json) process.stdout.write(`${JSON.stringify({ ...shot, rates: Object.fromEntries(rates) })}\n`);
      else draw();
      if (look >= last || !(await pace.next(options.interval))) break;
      if (view.isPaused) continue;
      before = shot;
      shot = snapshot();
      rates = ratesBetween(before, shot);
    }
  } finally {
    ending();
  }
  signal.throwIfAborted();
}

/** Waits between two looks, until it is over. */
class Pace {
  private end: (() => void) | undefined;
  private isOver = false;

  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => this.over(), { once: true });
  }

  over(): void {
    this.isOver = true;
    this.end?.();
  }

  /** False when it is over. */
  async next(ms: number): Promise<boolean> {
    if (this.isOver) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    return !this.isOver;
  }
}

/** Several may come at once; one that is no character is an escape and two more. */
function keysIn(text: string): string[] {
  const keys: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = text.startsWith(`${ESCAPE}[`, at) ? 3 : 1;
    keys.push(text.slice(at, at + length));
    at += length;
  }
  return keys;
}

function pressKeys(view: TopView, draw: () => void, pace: Pace): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const press = (chunk: Buffer): void => {
    for (const key of keysIn(chunk.toString())) if (key === CTRL_C || !keyOf(key, view, SORTS)) return pace.over();
    draw();
  };
  stdin.setRawMode(true).resume().on("data", press);
  return () => {
    stdin.setRawMode(false).off("data", press).pause();
  };
}
