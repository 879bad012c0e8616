import type { TopView } from "./view.js";

const UP = "\u001b[A";
const DOWN = "\u001b[B";
const ESCAPE = "\u001b";
const BACKSPACES = ["\u007f", "\b"];

/** Does what a key stands for; false when it is to end. */
export function keyOf(key: string, view: TopView, sorts: readonly string[]): boolean {
  if (view.isTyping) {
    type(key, view);
    return true;
  }
  const at = sorts.indexOf(view.sort);
  switch (key) {
    case "q":
    case ESCAPE:
      return false;
    case "s":
    case ">":
      view.sort = sorts[(at + 1) % sorts.length];
      break;
    case "<":
      view.sort = sorts[(at + sorts.length - 1) % sorts.length];
      break;
    case "r":
      view.isReversed = !view.isReversed;
      break;
    case "p":
    case " ":
      view.isPaused = !view.isPaused;
      break;
    case "/":
      view.isTyping = true;
      view.filter = "";
      break;
    case "k":
    case UP:
      view.from = Math.max(0, view.from - 1);
      break;
    case "j":
    case DOWN:
      view.from++;
      break;
  }
  return true;
}

function type(key: string, view: TopView): void {
  if (key === "\r" || key === "\n") view.isTyping = false;
  else if (key === ESCAPE) {
    view.isTyping = false;
    view.filter = "";
  } else if (BACKSPACES.includes(key)) view.filter = view.filter.slice(0, -1);
  else if (!key.startsWith(ESCAPE)) view.filter += key;
  view.from = 0;
}
