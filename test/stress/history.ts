import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { monotonicMs } from "./monotonic-ms.js";

/** One line of a party's history: when, what, and what about. */
export interface Entry {
  readonly at: number;
  readonly what: string;
  readonly about: readonly number[];
}

/**
 * What a party did, call by call: a line before and a line after each, appended to a file by one write, so that a kill
 * loses nothing that had been noted. It owes nothing to what is tested.
 */
export class History {
  private readonly fd: number;

  constructor(
    path: string,
    /** Looks whether the party has to end here. */
    private readonly noted: () => void = () => undefined,
  ) {
    this.fd = openSync(path, "a");
  }

  note(what: string, ...about: readonly number[]): void {
    this.say(what, about.join(" "));
  }

  /** The same, about something in words. */
  say(what: string, words: string): void {
    writeSync(this.fd, `${monotonicMs().toFixed(3)} ${what} ${words}\n`);
    this.noted();
  }

  close(): void {
    closeSync(this.fd);
  }

  /** All lines that were written whole. */
  static read(path: string): Entry[] {
    return History.lines(path).map((line) => {
      const [at, what, ...about] = line.split(" ");
      return { at: Number(at), what, about: about.map(Number) };
    });
  }

  /** What was said under this heading. */
  static said(path: string, what: string): string[] {
    return History.lines(path)
      .filter((line) => line.split(" ")[1] === what)
      .map((line) => line.split(" ").slice(2).join(" "));
  }

  private static lines(path: string): string[] {
    try {
      return readFileSync(path, "utf8").split("\n").slice(0, -1);
    } catch {
      return []; // it did not live to begin one
    }
  }
}
