/** A program in a Markdown page. */
export interface Snippet {
  /** The line of its fence, from 1. */
  readonly line: number;
  readonly code: string;
  /** Compiled only: its fence says `no-run`. */
  readonly isRun: boolean;
  /** A command that the machine must have: its fence says `needs=python3`. */
  readonly needs: string | undefined;
  /** What it must print: the `text` block that follows it, if one does. */
  readonly prints: string | undefined;
}

interface Fence {
  readonly line: number;
  readonly label: string;
  readonly body: string;
  /** Nothing but empty lines stands between the fence before and this one. */
  readonly followsFence: boolean;
}

/** The `ts` blocks of a page. */
export function snippetsIn(markdown: string): Snippet[] {
  const fences = fencesIn(markdown);
  return fences.flatMap((fence, index) => {
    const [language, ...flags] = fence.label.split(/\s+/);
    if (language !== "ts") return [];
    const next = fences[index + 1];
    const prints = next?.label === "text" && next.followsFence ? next.body : undefined;
    const isRun = !flags.includes("no-run");
    const needs = flags.find((flag) => flag.startsWith("needs="))?.slice("needs=".length);
    return [{ line: fence.line, code: fence.body, isRun, needs, prints }];
  });
}

function fencesIn(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: { line: number; label: string; body: string[]; followsFence: boolean } | undefined;
  let isBehindFence = false;
  markdown.split("\n").forEach((text, index) => {
    const mark = /^```\s*(.*?)\s*$/.exec(text);
    if (open === undefined && mark !== null) {
      open = { line: index + 1, label: mark[1], body: [], followsFence: isBehindFence };
    } else if (open === undefined) {
      isBehindFence &&= text.trim() === "";
    } else if (mark !== null && mark[1] === "") {
      fences.push({ ...open, body: open.body.join("\n") });
      open = undefined;
      isBehindFence = true;
    } else {
      open.body.push(text);
    }
  });
  return fences;
}
