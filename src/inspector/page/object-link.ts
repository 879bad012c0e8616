import { type ComponentChild, h } from "preact";
import type { ObjectView } from "../snapshot-model.js";

/** Leads to an object's page. */
export function objectLink(id: string, object: ObjectView | undefined, className?: string): ComponentChild {
  const label = object?.name ?? id.slice(0, 8);
  const title = object ? `${object.type} ${object.name ?? id}` : id;
  return h("a", { key: id, class: className, href: `#/object/${encodeURIComponent(id)}`, title }, label);
}
