/*
 * Layout of the graph of waits.
 *
 * Idea    A deadlock is a circle, and is drawn as one. All else goes in three columns: who waits, for what, who has it. An
 *         object stands beside the middle of those that wait for it, and its holders beside it, so that few lines cross.
 * Limits  So many objects are drawn; the table below the picture has all. Where there is not enough width for columns beside
 *         the circles they go below.
 */
import type { Snapshot } from "../snapshot-model.js";

export interface Node {
  readonly id: string;
  readonly kind: "thread" | "object";
  x: number;
  y: number;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly how: string;
  readonly isWait: boolean;
  /** Part of a circle: drawn straight. */
  readonly isInCircle: boolean;
}

/** Where everything is, in pixels. */
export interface Drawing {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  readonly width: number;
  readonly height: number;
  readonly boxWidth: number;
  /** There is room between the columns for words. */
  readonly hasLabels: boolean;
  /** Objects with waits that are not drawn. */
  readonly left: number;
}

export const BOX_HEIGHT = 44;
const GAP = 18;
const MARGIN = 12;
const LABEL_WIDTH = 84;
const MOST_OBJECTS = 40;
const MOST_OF_ONE = 12;

export function waitLayout(snapshot: Snapshot, width: number): Drawing {
  const boxWidth = Math.max(96, Math.min(170, Math.floor((width - 2 * MARGIN) / 3.6)));
  const nodes = new Map<string, Node>();
  const inCircle = new Map<string, string>();
  const circles = placeCircles(snapshot, width, boxWidth, nodes, inCircle);
  const blockers = blockersOf(snapshot);
  const all = [...new Set(snapshot.waits.map(({ object }) => object))].filter((id) => !nodes.has(id));
  const many = new Map<string, number>();
  for (const { object } of snapshot.waits) many.set(object, (many.get(object) ?? 0) + 1);
  all.sort((a, b) => (many.get(b) ?? 0) - (many.get(a) ?? 0));
  const shown = new Set(all.slice(0, MOST_OBJECTS));
  const isBeside = width - circles.width >= boxWidth * 3 + 110;
  const left = circles.width > 0 && isBeside ? circles.width + 40 : MARGIN;
  const top = circles.width > 0 && !isBeside ? circles.height + 24 : MARGIN;
  const height = placeColumns(snapshot, { nodes, shown, blockers, boxWidth, left, top, right: width - MARGIN });
  return {
    nodes: [...nodes.values()],
    edges: edgesOf(snapshot, nodes, blockers, inCircle),
    width,
    height: Math.max(circles.height, height) + MARGIN,
    boxWidth,
    hasLabels: stepOf(left, width - MARGIN, boxWidth) - boxWidth >= LABEL_WIDTH,
    left: all.length - shown.size,
  };
}

/** Threads that hold an object or stand behind a wait for it, and how. */
function blockersOf({ objects, waits }: Snapshot): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const { object } of waits) found.set(object, new Map());
  for (const { id, holders } of objects)
    for (const { thread, how } of holders) if (found.has(id)) found.get(id)?.set(thread, how);
  // a pipe has no holders: whoever is at its other end stands for one
  for (const { object, blockers } of waits)
    for (const one of blockers) if (!found.get(object)?.has(one)) found.get(object)?.set(one, "other end");
  return found;
}

function placeCircles(
  { deadlocks }: Snapshot,
  width: number,
  boxWidth: number,
  nodes: Map<string, Node>,
  inCircle: Map<string, string>,
): { width: number; height: number } {
  let top = MARGIN;
  let used = 0;
  for (const { steps } of deadlocks) {
    const ring = steps.flatMap(({ thread, waitsFor }) => [
      { id: thread, kind: "thread" as const },
      { id: waitsFor, kind: "object" as const },
    ]);
    for (const [index, { id }] of ring.entries()) inCircle.set(id, ring[(index + 1) % ring.length].id);
    const fresh = ring.filter(({ id }) => !nodes.has(id));
    const across = Math.min(width - boxWidth - 2 * MARGIN, Math.max(320, fresh.length * 62)) / 2;
    const down = Math.max(120, fresh.length * 30);
    fresh.forEach(({ id, kind }, index) => {
      const angle = (index / fresh.length) * 2 * Math.PI - Math.PI / 2;
      const x = MARGIN + across + Math.cos(angle) * across;
      nodes.set(id, { id, kind, x, y: top + down + Math.sin(angle) * down });
    });
    used = Math.max(used, across * 2 + boxWidth + MARGIN);
    top += down * 2 + BOX_HEIGHT + GAP * 2;
  }
  return { width: used, height: used > 0 ? top - GAP : 0 };
}

/** From one column to the next. */
const stepOf = (left: number, right: number, boxWidth: number): number =>
  Math.min((right - left - boxWidth) / 2, boxWidth + 220);

interface Columns {
  readonly nodes: Map<string, Node>;
  readonly shown: ReadonlySet<string>;
  readonly blockers: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly boxWidth: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
}

function placeColumns({ waits }: Snapshot, { nodes, shown, blockers, boxWidth, left, top, right }: Columns): number {
  const step = stepOf(left, right, boxWidth);
  const next = [top, top, top];
  const put = (id: string, kind: Node["kind"], column: number, wanted: number): void => {
    const y = Math.max(next[column], wanted);
    nodes.set(id, { id, kind, x: left + column * step, y });
    next[column] = y + BOX_HEIGHT + GAP;
  };
  for (const object of shown) {
    const threads = waits.filter((wait) => wait.object === object).map(({ thread }) => thread);
    const start = Math.max(next[0], next[1] - GAP);
    for (const thread of threads.slice(0, MOST_OF_ONE)) if (!nodes.has(thread)) put(thread, "thread", 0, start);
    const beside = threads.flatMap((thread) => nodes.get(thread)?.y ?? []);
    const middle = beside.length > 0 ? (Math.min(...beside) + Math.max(...beside)) / 2 : start;
    put(object, "object", 1, Math.max(start, middle));
    const place = nodes.get(object)?.y ?? start;
    for (const thread of [...(blockers.get(object)?.keys() ?? [])].slice(0, MOST_OF_ONE))
      if (!nodes.has(thread)) put(thread, "thread", 2, place);
  }
  return Math.max(...next);
}

function edgesOf(
  { waits }: Snapshot,
  nodes: ReadonlyMap<string, Node>,
  blockers: ReadonlyMap<string, ReadonlyMap<string, string>>,
  inCircle: ReadonlyMap<string, string>,
): Edge[] {
  const edges: Edge[] = [];
  const add = (from: string, to: string, how: string, isWait: boolean): void => {
    if (nodes.has(from) && nodes.has(to)) edges.push({ from, to, how, isWait, isInCircle: inCircle.get(from) === to });
  };
  for (const { thread, object, waitsFor } of waits) add(thread, object, waitsFor, true);
  for (const [object, threads] of blockers) for (const [thread, how] of threads) add(object, thread, how, false);
  return edges;
}
