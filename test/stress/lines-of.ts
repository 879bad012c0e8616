import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** What a process said, line by line, once it has ended; a line that it was killed in the middle of does not count. */
export async function linesOf(child: ChildProcess, onLines: (count: number) => void): Promise<string[]> {
  const lines: string[] = [];
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() as string;
    lines.push(...parts);
    if (parts.length > 0) onLines(parts.length);
  });
  await once(child, "close");
  return lines;
}
