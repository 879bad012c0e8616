import { closeSync, openSync, readSync } from "node:fs";

/** Follows a party's history while it grows: the moment of its newest note of some kinds. */
export class NoteCount {
  newest = 0;
  private at = 0;
  private rest = "";
  private readonly buffer = Buffer.alloc(65_536);

  constructor(
    private readonly path: string,
    private readonly kinds: readonly string[],
  ) {}

  /** Reads what has come since the last look. */
  look(): void {
    let fd: number;
    try {
      fd = openSync(this.path, "r");
    } catch {
      return; // it has not begun one yet
    }
    try {
      for (;;) {
        const length = readSync(fd, this.buffer, 0, this.buffer.length, this.at);
        if (length === 0) return;
        this.at += length;
        const lines = (this.rest + this.buffer.toString("latin1", 0, length)).split("\n");
        this.rest = lines.pop() as string;
        for (const line of lines) {
          const [when, what] = line.split(" ");
          if (this.kinds.includes(what)) this.newest = Number(when);
        }
      }
    } finally {
      closeSync(fd);
    }
  }
}
