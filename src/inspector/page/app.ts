import { Component, type ComponentChild, h } from "preact";
import { Attention } from "./attention.js";
import { Charts } from "./charts.js";
import type { Order } from "./data-table.js";
import { type LinkState, openLink } from "./link.js";
import { ObjectPage } from "./object-page.js";
import { type Column, chosen, ObjectsTable } from "./objects-table.js";
import { ProcessesPage } from "./processes-page.js";
import { Store } from "./store.js";
import { texts } from "./texts.js";
import { WaitGraph } from "./wait-graph.js";

interface AppState {
  /** Counts what the feed has told. */
  readonly version: number;
  readonly link: LinkState;
  readonly route: string;
  readonly search: string;
  readonly order: Order<Column>;
  readonly selected: string | undefined;
  readonly theme: string;
  readonly said: string;
  readonly isHelpOpen: boolean;
}

const THEMES = ["auto", "dark", "light"];
const TABS = [
  ["#/objects", "Objects"],
  ["#/waits", "Waits"],
  ["#/processes", "Processes"],
] as const;
const LINKS: Readonly<Record<LinkState, string>> = {
  connecting: "connecting",
  live: "live",
  refused: "not allowed: open the url that the command has printed",
  lost: "the command has ended, or is not answering",
};
const KEYS = [
  ["/", "search"],
  ["j k ↓ ↑", "select"],
  ["Enter", "open"],
  ["Esc", "back"],
  ["1 2 3", "objects, waits, processes"],
  ["t", "theme"],
  ["?", "these keys"],
] as const;

/** The whole page. */
export class App extends Component<object, AppState> {
  override state: AppState = {
    version: 0,
    link: "connecting",
    route: location.hash.startsWith("#/") ? location.hash : "#/objects",
    search: "",
    order: { by: "depth", isReversed: false },
    selected: undefined,
    theme: localStorage.getItem("theme") ?? "auto",
    said: "",
    isHelpOpen: false,
  };
  private readonly store = new Store();
  private readonly darkness = matchMedia("(prefers-color-scheme: dark)");

  override componentDidMount(): void {
    this.showTheme();
    this.darkness.addEventListener("change", () => this.setState(({ version }) => ({ version: version + 1 })));
    addEventListener("hashchange", () => this.setState({ route: location.hash || "#/objects" }));
    addEventListener("keydown", (event) => this.press(event));
    void openLink(
      (message) => {
        this.store.take(message);
        this.setState(({ version }) => ({ version: version + 1 }));
      },
      (link) => this.setState({ link }),
    );
  }

  render(): ComponentChild {
    const { snapshot } = this.store;
    return h("div", { class: "page" }, [
      this.header(),
      h("main", null, snapshot ? this.content() : h("p", { class: "nothing" }, LINKS[this.state.link])),
      this.state.isHelpOpen && this.help(),
    ]);
  }

  private header(): ComponentChild {
    const { link, route, search, theme } = this.state;
    const { snapshot } = this.store;
    const counts = [snapshot?.objects.length, snapshot?.waits.length, snapshot?.processes.length];
    const deadlocks = snapshot?.deadlocks.length ?? 0;
    const tabs = TABS.map(([target, label], index) => {
      const isHere = route === target || (index === 0 && route.startsWith("#/object/"));
      return h("a", { key: target, href: target, "aria-current": isHere ? "page" : undefined }, [
        label,
        h("small", null, ` ${counts[index] ?? ""}`),
        index === 1 && deadlocks > 0 && h("span", { class: "alarm" }, texts.counted(deadlocks, "deadlock")),
      ]);
    });
    return h("header", null, [
      h("h1", null, "interproc"),
      h("nav", { "aria-label": "Pages" }, tabs),
      h("input", {
        type: "search",
        id: "search",
        placeholder: "Search  /",
        "aria-label": "Search objects, waits and processes",
        value: search,
        onInput: (event: Event) => this.setState({ search: (event.target as HTMLInputElement).value }),
      }),
      h("button", { type: "button", onClick: () => this.nextTheme(), title: "Theme (t)" }, [
        h("span", { class: "unseen" }, "Theme: "),
        theme,
      ]),
      h("button", { type: "button", onClick: () => this.setState({ isHelpOpen: true }), title: "Keys (?)" }, [
        h("span", { class: "unseen" }, "Keys: "),
        "?",
      ]),
      h("span", { class: `link ${link}`, role: "status" }, link === "live" ? (snapshot?.directory ?? "") : LINKS[link]),
    ]);
  }

  private content(): ComponentChild {
    const { snapshot } = this.store;
    const { route, version, search } = this.state;
    const theme = this.shownTheme;
    if (!snapshot) return null;
    const [, id] = /^#\/object\/(.+)$/.exec(route) ?? [];
    if (id !== undefined)
      return h(ObjectPage, { key: id, id: decodeURIComponent(id), store: this.store, version, theme });
    if (route === "#/waits") return h(WaitGraph, { snapshot, waitSince: this.store.waitSince, search });
    if (route === "#/processes") return h(ProcessesPage, { snapshot, search });
    return this.objects();
  }

  private objects(): ComponentChild {
    const { snapshot, total } = this.store;
    const { search, order, selected, version, said } = this.state;
    if (!snapshot) return null;
    if (snapshot.objects.length === 0)
      return h("div", { class: "nothing" }, [
        h("p", { class: "large" }, `There is no object in ${snapshot.directory}.`),
        h("p", null, "What a program makes appears here by itself. To see something now:"),
        h("p", null, h("code", null, "interproc demo")),
      ]);
    const objects = chosen(this.store, search, order);
    return [
      h(Attention, { store: this.store, version, said, say: (answer) => this.setState({ said: answer }) }),
      h(Charts, { series: total, version, theme: this.shownTheme }),
      h(ObjectsTable, { store: this.store, objects, order, selected, sort: (by) => this.sort(by) }),
      objects.length === 0 && h("p", { class: "nothing" }, `Nothing is like “${search}”.`),
    ];
  }

  private help(): ComponentChild {
    const close = (): void => this.setState({ isHelpOpen: false });
    // modal: the keyboard stays in it, and comes back to where it was
    const show = (dialog: HTMLDialogElement | null): void => {
      if (dialog && !dialog.open) dialog.showModal();
    };
    return h("dialog", { ref: show, onClose: close, "aria-label": "Keys" }, [
      h("h2", null, "Keys"),
      h(
        "dl",
        null,
        KEYS.map(([key, meaning]) => [h("dt", { key: `${key} key` }, h("kbd", null, key)), h("dd", { key }, meaning)]),
      ),
      h("button", { type: "button", onClick: close }, "Close"),
    ]);
  }

  /** `auto` is whatever the system says. */
  private get shownTheme(): string {
    const { theme } = this.state;
    return theme === "auto" ? (this.darkness.matches ? "dark" : "light") : theme;
  }

  private sort(by: Column): void {
    this.setState(({ order }) => ({ order: { by, isReversed: order.by === by ? !order.isReversed : false } }));
  }

  private nextTheme(): void {
    const theme = THEMES[(THEMES.indexOf(this.state.theme) + 1) % THEMES.length];
    localStorage.setItem("theme", theme);
    this.setState({ theme }, () => this.showTheme());
  }

  private showTheme(): void {
    document.documentElement.dataset.theme = this.state.theme;
    this.setState(({ version }) => ({ version: version + 1 }));
  }

  private press(event: KeyboardEvent): void {
    const isTyping = event.target instanceof HTMLInputElement;
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      (isTyping && !["Escape", "Enter", "ArrowDown"].includes(event.key))
    )
      return;
    const tab = TABS[Number(event.key) - 1];
    if (tab) location.hash = tab[0];
    else if (event.key === "/") document.getElementById("search")?.focus();
    else if (event.key === "t") this.nextTheme();
    else if (event.key === "?") this.setState({ isHelpOpen: !this.state.isHelpOpen });
    else if (event.key === "Escape") this.back(isTyping);
    else if (event.key === "j" || event.key === "ArrowDown") this.select(1);
    else if (event.key === "k" || event.key === "ArrowUp") this.select(-1);
    else if (event.key === "Enter" && this.state.selected !== undefined && !(event.target instanceof HTMLButtonElement))
      location.hash = `#/object/${encodeURIComponent(this.state.selected)}`;
    else return;
    event.preventDefault();
  }

  private back(isTyping: boolean): void {
    if (this.state.isHelpOpen) return this.setState({ isHelpOpen: false });
    if (isTyping) {
      this.setState({ search: "" });
      (document.activeElement as HTMLElement | null)?.blur();
    } else location.hash = "#/objects";
  }

  private select(step: 1 | -1): void {
    if (this.state.route !== "#/objects") return;
    const objects = chosen(this.store, this.state.search, this.state.order);
    const at = objects.findIndex(({ id }) => id === this.state.selected);
    const next = objects[Math.max(0, Math.min(objects.length - 1, at < 0 ? 0 : at + step))];
    if (!next) return;
    this.setState({ selected: next.id }, () =>
      document.querySelector(`tr[data-id="${CSS.escape(next.id)}"]`)?.scrollIntoView({ block: "nearest" }),
    );
  }
}
