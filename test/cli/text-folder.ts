import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder of files with known words, removed when it is disposed of. */
export class TextFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "interproc-words-"));

  constructor(files: Record<string, string | Uint8Array> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  write(name: string, content: string | Uint8Array): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  /** `count` files, each with a word of its own, words that it has in common with some, and one that all have. */
  static numbered(count: number, below = "."): TextFolder {
    const letters = (number: number): string =>
      [...String(number)].map((digit) => "abcdefghij"[Number(digit)]).join("");
    return new TextFolder(
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [
          `${below}/part-${i % 7}/file-${i}.txt`,
          `all own${letters(i)} group${letters(i % 10)} group${letters(i % 3)}\n`.repeat((i % 40) + 1),
        ]),
      ),
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
