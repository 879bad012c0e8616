import { Component, type ComponentChild, h } from "preact";
import type { Payload } from "../payload/payload.js";
import { texts } from "./texts.js";

interface Props {
  readonly id: string;
  /** The command was told that payloads may be shown. */
  readonly isAllowed: boolean;
}

interface State {
  readonly payload: Payload | undefined;
  readonly problem: string;
}

/** What the object holds, looked at when the page is opened and whenever it is asked for. All of it is text. */
export class PayloadPanel extends Component<Props, State> {
  override state: State = { payload: undefined, problem: "" };

  override componentDidMount(): void {
    if (this.props.isAllowed) void this.look();
  }

  render({ isAllowed }: Props, { payload, problem }: State): ComponentChild {
    if (!isAllowed)
      return h("section", { class: "panel payload" }, [
        h("h3", null, "What it holds"),
        h("p", { class: "soft" }, [
          "Messages and memory may be secret, and are not shown. ",
          h("code", null, "interproc ui --show-payloads"),
          " shows them.",
        ]),
      ]);
    return h("section", { class: "panel payload" }, [
      h("h3", null, ["What it holds", h("button", { type: "button", onClick: () => void this.look() }, "Look again")]),
      h("p", { class: "soft", role: "status" }, problem || (payload ? this.summary(payload) : "Looking …")),
      payload && payload.entries.length > 0 && this.table(payload),
    ]);
  }

  private summary({ what, entries, hasMore }: Payload): string {
    if (entries.length === 0)
      return hasMore ? `${what} They are taken too fast to be read.` : `${what} There is nothing now.`;
    return `${what}${hasMore ? ` The first ${entries.length}; there are more.` : ""}`;
  }

  private table({ entries }: Payload): ComponentChild {
    const rows = entries.map(({ label, bytes, text }, index) =>
      h("tr", { key: index }, [
        h("th", { scope: "row" }, label),
        h("td", { class: "number" }, texts.bytes(bytes)),
        h("td", { class: "says" }, h("pre", null, text)),
      ]),
    );
    const heads = ["Which", "Size", "Says"].map((label) =>
      h("th", { key: label, scope: "col", class: label === "Size" ? "number" : "" }, label),
    );
    return h(
      "div",
      { class: "scroll", tabIndex: 0, role: "region", "aria-label": "What it holds" },
      h("table", null, [h("thead", null, h("tr", null, heads)), h("tbody", null, rows)]),
    );
  }

  private async look(): Promise<void> {
    try {
      const answer = await fetch(`/api/payload/${encodeURIComponent(this.props.id)}`);
      const said = (await answer.json()) as Payload & { error?: string };
      if (answer.ok) this.setState({ payload: said, problem: "" });
      else this.setState({ problem: said.error ?? `refused (${answer.status})` });
    } catch {
      this.setState({ problem: "the command does not answer" });
    }
  }
}
