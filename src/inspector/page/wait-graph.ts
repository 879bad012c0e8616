import { type ComponentChild, h } from "preact";
import type { Snapshot, WaitView } from "../snapshot-model.js";
import { texts } from "./texts.js";

interface Node {
  readonly id: string;
  readonly kind: "thread" | "object";
  readonly label: string;
  readonly detail: string;
  x: number;
  y: number;
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly how: string;
  readonly isWait: boolean;
}

const WIDTH = 190;
const HEIGHT = 44;
const GAP_X = 110;
const GAP_Y = 26;

/** Who waits for what, and who has it: a picture, and the deadlocks in words. */
export function WaitGraph({ snapshot }: { snapshot: Snapshot }): ComponentChild {
  const circles = snapshot.deadlocks.map(({ isCertain, text }) =>
    h("p", { key: text, class: `notice ${isCertain ? "bad" : "odd"}`, role: "alert" }, [
      h("strong", null, isCertain ? "Deadlock: " : "Possible deadlock: "),
      text,
    ]),
  );
  const { nodes, edges } = graphOf(snapshot);
  if (edges.length === 0)
    return h("section", null, [circles, h("p", { class: "nothing" }, "No thread waits for anything.")]);
  const stuck = new Map<string, string>();
  for (const { isCertain, steps } of snapshot.deadlocks)
    for (const { thread, holds } of steps) for (const id of [thread, holds]) stuck.set(id, isCertain ? "bad" : "odd");
  const size = place(nodes, edges, snapshot);
  const at = new Map(nodes.map((node) => [node.id, node]));
  const lines = edges.map((edge) => lineOf(edge, at, stuck));
  const boxes = nodes.map((node) => boxOf(node, stuck.get(node.id) ?? ""));
  const label = `${snapshot.waits.length} waits among ${nodes.length} threads and objects`;
  const picture = h("svg", { width: size.width, height: size.height, role: "img", "aria-label": label }, [
    marker(),
    lines,
    boxes,
  ]);
  return h("section", null, [circles, h("div", { class: "scroll" }, picture), waitList(snapshot)]);
}

function graphOf({ objects, threads, waits }: Snapshot): { nodes: Node[]; edges: Edge[] } {
  const edges: Edge[] = [];
  const involved = new Set(waits.map(({ object }) => object));
  for (const { thread, object, waitsFor } of waits)
    edges.push({ from: thread, to: object, how: waitsFor, isWait: true });
  for (const { id, holders } of objects)
    if (involved.has(id))
      for (const { thread, how } of holders) edges.push({ from: id, to: thread, how, isWait: false });
  for (const { object, blockers } of waits) for (const to of blockers) addBlocker(edges, object, to);
  const known = new Map(threads.map((thread) => [thread.thread, thread]));
  const byId = new Map(objects.map((object) => [object.id, object]));
  const ids = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const nodes = [...ids].map((id): Node => {
    const object = byId.get(id);
    if (object) return { id, kind: "object", label: object.name ?? id.slice(0, 12), detail: object.type, x: 0, y: 0 };
    const thread = known.get(id);
    const label = thread ? texts.process(thread.pid, thread.name) : id;
    const detail = `${thread?.state ?? ""}${thread && thread.worker > 0 ? `, worker ${thread.worker}` : ""}`;
    return { id, kind: "thread", label, detail, x: 0, y: 0 };
  });
  return { nodes, edges };
}

/** A pipe has no holders: whoever is at its other end stands for one. */
function addBlocker(edges: Edge[], object: string, to: string): void {
  if (!edges.some((edge) => edge.from === object && edge.to === to))
    edges.push({ from: object, to, how: "other end", isWait: false });
}

/** Circles are drawn as such; the rest in columns: who waits, for what, who has it. */
function place(nodes: Node[], edges: readonly Edge[], { deadlocks }: Snapshot): { width: number; height: number } {
  const at = new Map(nodes.map((node) => [node.id, node]));
  let top = 12;
  let width = 0;
  const placed = new Set<string>();
  for (const { steps } of deadlocks) {
    const ring = steps.flatMap(({ thread, waitsFor }) => [thread, waitsFor]).filter((id) => !placed.has(id));
    const radius = Math.max(110, (ring.length * (WIDTH + 20)) / (2 * Math.PI));
    const middle = radius * 1.5 + WIDTH / 2;
    ring.forEach((id, index) => {
      const angle = (index / ring.length) * 2 * Math.PI - Math.PI / 2;
      const node = at.get(id);
      if (!node) return;
      node.x = middle + Math.cos(angle) * radius * 1.5 - WIDTH / 2;
      node.y = top + radius + Math.sin(angle) * radius;
      placed.add(id);
    });
    width = Math.max(width, middle * 2);
    top += radius * 2 + HEIGHT + GAP_Y * 2;
  }
  const left = width > 0 ? width + GAP_X / 2 : 12;
  const rows = [12, 12, 12];
  for (const node of nodes) {
    if (placed.has(node.id)) continue;
    const waits = edges.some(({ from, isWait }) => isWait && from === node.id);
    const column = node.kind === "object" ? 1 : waits ? 0 : 2;
    node.x = column * (WIDTH + GAP_X) + left;
    node.y = rows[column];
    rows[column] += HEIGHT + GAP_Y;
  }
  return { width: Math.max(width, ...nodes.map(({ x }) => x + WIDTH)) + 12, height: Math.max(...rows, top) + 12 };
}

function lineOf(
  { from, to, how, isWait }: Edge,
  at: ReadonlyMap<string, Node>,
  stuck: ReadonlyMap<string, string>,
): ComponentChild {
  const [a, b] = [at.get(from), at.get(to)];
  if (!a || !b) return null;
  const [start, end] = [edgeOf(a, b), edgeOf(b, a)];
  const tone = stuck.has(from) && stuck.has(to) ? (stuck.get(from) ?? "") : "";
  return h("g", { key: `${from} ${to} ${how}`, class: `${isWait ? "wait" : "hold"} ${tone}` }, [
    h("line", { x1: start.x, y1: start.y, x2: end.x, y2: end.y, "marker-end": "url(#arrow)" }),
    h("text", { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 - 5, "text-anchor": "middle" }, how),
  ]);
}

/** Where the line from one box's middle to the other's leaves the box. */
function edgeOf(box: Node, other: Node): { x: number; y: number } {
  const [x, y] = [box.x + WIDTH / 2, box.y + HEIGHT / 2];
  const [dx, dy] = [other.x + WIDTH / 2 - x, other.y + HEIGHT / 2 - y];
  const part = Math.min(WIDTH / 2 / (Math.abs(dx) || 1), HEIGHT / 2 / (Math.abs(dy) || 1), 1);
  return { x: x + dx * part, y: y + dy * part };
}

function boxOf({ id, kind, label, detail, x, y }: Node, tone: string): ComponentChild {
  const short = label.length > 24 ? `${label.slice(0, 23)}…` : label;
  const box = h("g", { key: id, class: `node ${kind} ${tone}`, transform: `translate(${x} ${y})` }, [
    h("title", null, `${label}: ${detail}`),
    h("rect", { width: WIDTH, height: HEIGHT, rx: kind === "object" ? 20 : 4 }),
    h("text", { x: WIDTH / 2, y: 19, "text-anchor": "middle", class: "label" }, short),
    h("text", { x: WIDTH / 2, y: 35, "text-anchor": "middle", class: "detail" }, detail),
  ]);
  return kind === "object" ? h("a", { key: id, href: `#/object/${encodeURIComponent(id)}` }, box) : box;
}

const marker = (): ComponentChild =>
  h(
    "defs",
    null,
    h(
      "marker",
      { id: "arrow", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
      h("path", { d: "M0 0L8 4L0 8z" }),
    ),
  );

function waitList({ waits, objects, threads }: Snapshot): ComponentChild {
  const objectOf = new Map(objects.map((object) => [object.id, `${object.type} ${object.name ?? object.id}`]));
  const threadOf = new Map(threads.map((thread) => [thread.thread, texts.process(thread.pid, thread.name)]));
  const named = (thread: string): string => threadOf.get(thread) ?? thread;
  const row = ({ thread, object, waitsFor, blockers }: WaitView): ComponentChild =>
    h("tr", { key: `${thread} ${object} ${waitsFor}` }, [
      h("td", null, named(thread)),
      h("td", null, waitsFor),
      h("td", null, h("a", { href: `#/object/${encodeURIComponent(object)}` }, objectOf.get(object) ?? object)),
      h("td", null, blockers.map(named).join(", ") || "–"),
    ]);
  const heads = ["Who", "Waits for", "At", "Behind"].map((label) => h("th", { key: label, scope: "col" }, label));
  return h("table", null, [h("thead", null, h("tr", null, heads)), h("tbody", null, waits.map(row))]);
}
