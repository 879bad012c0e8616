import { type ComponentChild, h } from "preact";

/** What stands above a column, and on which side its cells are. */
export interface Head<By extends string> {
  readonly by: By;
  readonly label: string;
  readonly kind: "text" | "number";
  /** What it means, where the label does not say all. */
  readonly hint?: string;
}

/** By which column a table is sorted: the highest number, or the first letter, comes first. */
export interface Order<By extends string> {
  readonly by: By;
  readonly isReversed: boolean;
}

interface DataTableProps<By extends string> {
  readonly label: string;
  readonly class?: string;
  readonly heads: readonly Head<By>[];
  readonly order: Order<By>;
  sort(by: By): void;
  readonly rows: ComponentChild;
}

/** A table that is sorted by a click on a head, and scrolls sideways where the window is too small. */
export function DataTable<By extends string>(props: DataTableProps<By>): ComponentChild {
  const { label, heads, order, sort, rows } = props;
  const cells = heads.map(({ by, label: text, kind, hint }) => {
    const isHere = order.by === by;
    const isAscending = order.isReversed === (kind === "number");
    const mark = h("span", { "aria-hidden": true, class: "mark" }, isHere ? (isAscending ? "▲" : "▼") : "");
    // before a label on the right, so that the label stands above the figures
    const content = kind === "number" ? [mark, ` ${text}`] : [text, mark];
    const button = h("button", { type: "button", title: hint, onClick: () => sort(by) }, content);
    const direction = isHere ? (isAscending ? "ascending" : "descending") : undefined;
    return h("th", { key: by, class: kind, scope: "col", "aria-sort": direction }, button);
  });
  return h(
    "div",
    { class: "scroll", tabIndex: 0, role: "region", "aria-label": label },
    h("table", { class: props.class }, [h("thead", null, h("tr", null, cells)), h("tbody", null, rows)]),
  );
}
