import { Component, type ComponentChild, createRef, h } from "preact";
import type { ObjectView, Snapshot, ThreadView, WaitView } from "../snapshot-model.js";
import { objectLink } from "./object-link.js";
import { texts } from "./texts.js";
import { waitKey } from "./wait-key.js";
import { BOX_HEIGHT, type Drawing, type Edge, type Node, waitLayout } from "./wait-layout.js";

const MOST_ROWS = 500;

interface Props {
  readonly snapshot: Snapshot;
  /** When each wait was seen first, in seconds since boot. */
  readonly waitSince: ReadonlyMap<string, number>;
  readonly search: string;
}

/** Who waits for what, and who has it: a picture, and the deadlocks in words. */
export class WaitGraph extends Component<Props, { readonly width: number }> {
  override state = { width: 0 };
  private readonly place = createRef<HTMLDivElement>();
  private readonly resize = new ResizeObserver(() => this.measure());

  override componentDidMount(): void {
    this.measure();
    if (this.place.current) this.resize.observe(this.place.current);
  }

  override componentWillUnmount(): void {
    this.resize.disconnect();
  }

  render({ snapshot, waitSince, search }: Props, { width }: { readonly width: number }): ComponentChild {
    const circles = snapshot.deadlocks.map(({ isCertain, text }) =>
      h("li", { key: text, class: isCertain ? "bad" : "odd" }, [
        h("strong", null, isCertain ? "Deadlock" : "Possible deadlock"),
        h("span", { role: "alert" }, text),
      ]),
    );
    return h("section", null, [
      circles.length > 0 && h("ul", { class: "attention" }, circles),
      h("div", { ref: this.place, class: "graph" }, width > 0 && snapshot.waits.length > 0 && picture(snapshot, width)),
      snapshot.waits.length === 0
        ? h("p", { class: "nothing" }, "No thread waits for anything.")
        : waitList(snapshot, waitSince, search),
    ]);
  }

  private measure(): void {
    const width = this.place.current?.clientWidth ?? 0;
    if (width > 0 && width !== this.state.width) this.setState({ width });
  }
}

function picture(snapshot: Snapshot, width: number): ComponentChild {
  const drawing = waitLayout(snapshot, width);
  const stuck = new Map<string, "bad" | "odd">();
  for (const { isCertain, steps } of snapshot.deadlocks)
    for (const { thread, holds } of steps) for (const id of [thread, holds]) stuck.set(id, isCertain ? "bad" : "odd");
  const at = new Map(drawing.nodes.map((node) => [node.id, node]));
  const objectOf = new Map(snapshot.objects.map((object) => [object.id, object]));
  const threadOf = new Map(snapshot.threads.map((thread) => [thread.thread, thread]));
  const counted = `${texts.counted(snapshot.waits.length, "wait")} among ${drawing.nodes.length} threads and objects`;
  return [
    h("svg", { width: drawing.width, height: drawing.height, role: "group", "aria-label": `A graph: ${counted}` }, [
      h("defs", null, ["", "bad", "odd"].map(marker)),
      drawing.edges.map((edge) => lineOf(edge, at, drawing, stuck)),
      drawing.nodes.map((node) =>
        boxOf(node, drawing, stuck.get(node.id) ?? "", objectOf.get(node.id), threadOf.get(node.id)),
      ),
    ]),
    drawing.left > 0 &&
      h("p", { class: "soft" }, `${texts.counted(drawing.left, "more object")} with waits stand in the table only.`),
  ];
}

const marker = (tone: string): ComponentChild =>
  h(
    "marker",
    {
      key: tone,
      id: `arrow${tone}`,
      class: `arrow ${tone}`,
      viewBox: "0 0 8 8",
      refX: 7.5,
      refY: 4,
      markerWidth: 9,
      markerHeight: 9,
      markerUnits: "userSpaceOnUse",
      orient: "auto",
    },
    h("path", { d: "M0 0L8 4L0 8z" }),
  );

function lineOf(
  { from, to, how, isWait, isInCircle }: Edge,
  at: ReadonlyMap<string, Node>,
  { boxWidth, hasLabels }: Drawing,
  stuck: ReadonlyMap<string, string>,
): ComponentChild {
  const [a, b] = [at.get(from), at.get(to)];
  if (!a || !b) return null;
  const tone = isInCircle && stuck.has(from) && stuck.has(to) ? (stuck.get(from) ?? "") : "";
  const { path, x, y } = isInCircle ? straight(a, b, boxWidth) : curved(a, b, boxWidth, isWait ? -7 : 7);
  const isFar = !isInCircle && stuck.has(from) !== stuck.has(to);
  const classes = `edge ${isWait ? "wait" : "hold"} ${tone}${isFar ? " far" : ""}`;
  return h("g", { key: `${from} ${to} ${how} ${isWait}`, class: classes }, [
    h("path", { class: "curve", d: path, "marker-end": `url(#arrow${tone})` }, h("title", null, how)),
    (isInCircle || hasLabels) && h("text", { x, y: y - 4, "text-anchor": "middle" }, how),
  ]);
}

/** From box to box, along the line between their middles. */
function straight(a: Node, b: Node, boxWidth: number): { path: string; x: number; y: number } {
  const edge = (box: Node, other: Node): { x: number; y: number } => {
    const [dx, dy] = [other.x - box.x, other.y - box.y];
    const part = Math.min(boxWidth / 2 / (Math.abs(dx) || 1), BOX_HEIGHT / 2 / (Math.abs(dy) || 1), 1);
    return { x: box.x + boxWidth / 2 + dx * part, y: box.y + BOX_HEIGHT / 2 + dy * part };
  };
  const [start, end] = [edge(a, b), edge(b, a)];
  return { path: `M${start.x} ${start.y}L${end.x} ${end.y}`, x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 + 8 };
}

/** From side to side, so that lines between columns leave the boxes level; waits a little above the middle, holds below. */
function curved(a: Node, b: Node, boxWidth: number, shift: number): { path: string; x: number; y: number } {
  const isRight = b.x >= a.x;
  const [x1, y1] = [a.x + (isRight ? boxWidth : 0), a.y + BOX_HEIGHT / 2 + shift];
  const [x2, y2] = [b.x + (isRight && b.x > a.x ? 0 : boxWidth), b.y + BOX_HEIGHT / 2 + shift];
  const bend = Math.max(24, Math.abs(x2 - x1) / 2);
  const [c1, c2] = [x1 + (isRight ? bend : -bend), x2 + (isRight && b.x > a.x ? -bend : bend)];
  return {
    path: `M${x1} ${y1}C${c1} ${y1} ${c2} ${y2} ${x2} ${y2}`,
    x: along(x1, c1, c2, x2),
    y: along(y1, y1, y2, y2),
  };
}

/** A point of a cubic curve, nearer to its beginning, where fewer lines cross. */
const along = (start: number, first: number, second: number, end: number): number => {
  const [t, u] = [0.35, 0.65];
  return u ** 3 * start + 3 * u * u * t * first + 3 * u * t * t * second + t ** 3 * end;
};

function boxOf(
  { id, kind, x, y }: Node,
  { boxWidth }: Drawing,
  tone: string,
  object: ObjectView | undefined,
  thread: ThreadView | undefined,
): ComponentChild {
  const title = thread?.name.split("/").pop() ?? "";
  const label = object ? (object.name ?? id.slice(0, 12)) : title || `${thread?.pid ?? id}`;
  const worker = thread && thread.worker > 0 ? `, worker ${thread.worker}` : "";
  const task = thread?.task ? `, ${thread.task}` : "";
  const detail = object ? object.type : `${thread?.pid ?? ""} ${thread?.state ?? ""}${worker}${task}`;
  const most = Math.floor(boxWidth / 7.4);
  const shorter = (text: string, room: number): string => (text.length > room ? `${text.slice(0, room - 1)}…` : text);
  const box = h("g", { key: id, class: `node ${kind} ${tone}`, transform: `translate(${x} ${y})` }, [
    h("title", null, `${label}: ${detail}`),
    h("rect", { width: boxWidth, height: BOX_HEIGHT, rx: kind === "object" ? 22 : 6 }),
    h("text", { x: boxWidth / 2, y: 19, "text-anchor": "middle", class: "label" }, shorter(label, most)),
    h("text", { x: boxWidth / 2, y: 35, "text-anchor": "middle", class: "detail" }, shorter(detail, most + 2)),
  ]);
  return kind === "object" ? h("a", { key: id, class: "boxed", href: `#/object/${encodeURIComponent(id)}` }, box) : box;
}

function forHowLong(since: number | undefined, now: number): string {
  if (since === undefined) return "–";
  const seconds = now - since;
  return seconds < 1 ? "<1 s" : seconds < 10 ? `${seconds.toFixed(0)} s` : texts.age(seconds);
}

function waitList(
  { waits, objects, threads, bootSeconds }: Snapshot,
  waitSince: ReadonlyMap<string, number>,
  search: string,
): ComponentChild {
  const objectOf = new Map(objects.map((object) => [object.id, object]));
  const threadOf = new Map(threads.map((thread) => [thread.thread, thread]));
  const named = (thread: string): string => {
    const found = threadOf.get(thread);
    return found ? texts.process(found.pid, found.name) : thread;
  };
  const wanted = search.trim().toLowerCase();
  const textOf = ({ thread, object, waitsFor }: WaitView): string =>
    [named(thread), waitsFor, objectOf.get(object)?.type, objectOf.get(object)?.name ?? object].join(" ").toLowerCase();
  const found = waits.filter((wait) => wanted === "" || textOf(wait).includes(wanted));
  const row = (wait: WaitView): ComponentChild => {
    const { thread, object, waitsFor, blockers } = wait;
    return h("tr", { key: waitKey(wait) }, [
      h("td", null, named(thread)),
      h("td", null, threadOf.get(thread)?.state ?? ""),
      h("td", null, waitsFor),
      h("td", { class: "number" }, forHowLong(waitSince.get(waitKey(wait)), bootSeconds)),
      h("td", null, objectOf.get(object)?.type ?? ""),
      h("td", null, objectLink(object, objectOf.get(object))),
      h("td", null, blockers.map(named).join(", ") || "–"),
    ]);
  };
  const heads = ["Who", "How", "Waits for", "For", "Type", "Name", "Behind"].map((label) =>
    h("th", { key: label, scope: "col", class: label === "For" ? "number" : "" }, label),
  );
  return [
    h(
      "div",
      { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Waits" },
      h("table", null, [h("thead", null, h("tr", null, heads)), h("tbody", null, found.slice(0, MOST_ROWS).map(row))]),
    ),
    found.length > MOST_ROWS &&
      h("p", { class: "soft" }, `and ${texts.counted(found.length - MOST_ROWS, "more wait")}`),
    found.length === 0 && h("p", { class: "nothing" }, `No wait is like “${search}”.`),
  ];
}
