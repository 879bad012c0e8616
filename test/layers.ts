/** What one line of `src/layers.txt` allows. */
interface Rule {
  readonly always: readonly string[];
  /** Only by `import()`, so that the module loads where the other one cannot. */
  readonly dynamic: readonly string[];
}

/** One import of one file; paths are relative to `src` and end in `.ts`. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly isDynamic: boolean;
}

/** `src/layers.txt`, and the question that it answers. */
export class Layers {
  private readonly rules = new Map<string, Rule>();
  private words: readonly string[] = [];

  constructor(text: string) {
    for (const line of text.split("\n")) {
      const rule = /^([^#:\s]+):(.*)$/.exec(line);
      if (rule === null) continue;
      const names = rule[2].split(" ").filter((name) => name !== "");
      const cut = names.includes("dynamic") ? names.indexOf("dynamic") : names.length;
      if (rule[1] === "words") this.words = names;
      else this.rules.set(rule[1], { always: names.slice(0, cut), dynamic: names.slice(cut + 1) });
    }
  }

  /** The rule for a file: its own line or, without one, its folder's. */
  ruleFor(file: string): Rule | undefined {
    if (this.isWord(file)) return { always: [], dynamic: [] };
    return this.rules.get(file.replace(/\.ts$/, "")) ?? this.rules.get(folderOf(file));
  }

  allows({ from, to, isDynamic }: Import): boolean {
    const rule = this.ruleFor(from);
    if (rule === undefined) return false;
    if (this.isWord(to) || (folderOf(from) === folderOf(to) && to.includes("/"))) return true;
    const names = isDynamic ? [...rule.always, ...rule.dynamic] : rule.always;
    return names.some(
      (name) => name === "*" || name === folderOf(to) || (name === "*.layout" && /\.layout\.ts$/.test(to)),
    );
  }

  private isWord(file: string): boolean {
    const first = folderOf(file);
    return this.words.some((word) => (word.endsWith("*") ? first.startsWith(word.slice(0, -1)) : first === word));
  }
}

/** The first part of a path below `src`: a folder's name, or a file's without its ending. */
function folderOf(file: string): string {
  return file.split("/")[0].replace(/\.ts$/, "");
}
