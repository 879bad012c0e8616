import { Component, type ComponentChild, h } from "preact";
import { Chart } from "./chart.js";
import { change, type LinkState, openLink } from "./link.js";
import { ObjectPage } from "./object-page.js";
import { type Column, chosen, ObjectsTable, type Order } from "./objects-table.js";
import { ProcessesPage } from "./processes-page.js";
import { Store } from "./store.js";
import { WaitGraph } from "./wait-graph.js";

interface AppState {
  /** Counts what the feed has told. */
  readonly version: number;
  readonly link: LinkState;
  readonly route: string;
  readonly search: string;
  readonly order: Order;
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
    const deadlocks = snapshot?.deadlocks.length ?? 0;
    const tabs = TABS.map(([target, label]) => {
      const isHere = route === target || (target === "#/objects" && route.startsWith("#/object/"));
      const count =
        target === "#/waits"
          ? snapshot?.waits.length
          : target === "#/objects"
            ? snapshot?.objects.length
            : snapshot?.processes.length;
      const mark =
        target === "#/waits" && deadlocks > 0
          ? h("span", { class: "alarm" }, `${deadlocks} deadlock${deadlocks > 1 ? "s" : ""}`)
          : null;
      return h("a", { key: target, href: target, "aria-current": isHere ? "page" : undefined }, [
        label,
        h("small", null, ` ${count ?? ""}`),
        mark,
      ]);
    });
    return h("header", null, [
      h("h1", null, "interproc"),
      h("nav", { "aria-label": "Pages" }, tabs),
      h("input", {
        type: "search",
        id: "search",
        placeholder: "Search  /",
        "aria-label": "Search objects",
        value: search,
        onInput: (event: Event) => this.setState({ search: (event.target as HTMLInputElement).value }),
      }),
      h("button", { type: "button", onClick: () => this.nextTheme(), "aria-label": `Theme: ${theme}` }, theme),
      h("button", { type: "button", onClick: () => this.setState({ isHelpOpen: true }), "aria-label": "Keys" }, "?"),
      h("span", { class: `link ${link}`, role: "status" }, link === "live" ? (snapshot?.directory ?? "") : LINKS[link]),
    ]);
  }

  private content(): ComponentChild {
    const { snapshot } = this.store;
    const { route, version } = this.state;
    const theme = this.shownTheme;
    if (!snapshot) return null;
    const [, id] = /^#\/object\/(.+)$/.exec(route) ?? [];
    if (id !== undefined)
      return h(ObjectPage, { key: id, id: decodeURIComponent(id), store: this.store, version, theme });
    if (route === "#/waits") return h(WaitGraph, { snapshot });
    if (route === "#/processes") return h(ProcessesPage, { snapshot });
    return this.objects();
  }

  private objects(): ComponentChild {
    const { snapshot, rates, total, allowsWrite } = this.store;
    const { search, order, selected, version, said } = this.state;
    if (!snapshot) return null;
    const objects = chosen(snapshot, rates, search, order);
    const stale = snapshot.objects.filter(({ state }) => state === "left behind").length;
    const collect = async (): Promise<void> => this.setState({ said: await change("/api/gc", {}) });
    const common = { series: total, version, theme: this.shownTheme };
    return [
      snapshot.deadlocks.map(({ isCertain, text }) =>
        h("p", { key: text, class: `notice ${isCertain ? "bad" : "odd"}`, role: "alert" }, [
          h("strong", null, isCertain ? "Deadlock: " : "Possible deadlock: "),
          text,
        ]),
      ),
      stale > 0 &&
        h("p", { class: "notice odd" }, [
          `${stale} left behind by killed processes. `,
          allowsWrite ? h("button", { type: "button", onClick: collect }, "Remove") : "interproc gc removes them.",
          ` ${said}`,
        ]),
      snapshot.objects.length > 0 &&
        h("div", { class: "charts" }, [
          h(Chart, { key: "depth", title: "Messages that wait", lines: [[0, "all objects"]], ...common }),
          h(Chart, {
            key: "rate",
            title: "Messages a second",
            lines: [
              [1, "in"],
              [2, "out"],
            ],
            ...common,
          }),
        ]),
      snapshot.objects.length === 0
        ? h(
            "p",
            { class: "nothing" },
            `There is no object in ${snapshot.directory}. What a program makes appears here by itself.`,
          )
        : h(ObjectsTable, { snapshot, rates, objects, order, selected, sort: (by) => this.sort(by) }),
      objects.length === 0 &&
        snapshot.objects.length > 0 &&
        h("p", { class: "nothing" }, `Nothing is like “${search}”.`),
    ];
  }

  private help(): ComponentChild {
    const close = (): void => this.setState({ isHelpOpen: false });
    return h("dialog", { open: true, "aria-label": "Keys" }, [
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
    const { snapshot, rates } = this.store;
    if (!snapshot || this.state.route !== "#/objects") return;
    const objects = chosen(snapshot, rates, this.state.search, this.state.order);
    const at = objects.findIndex(({ id }) => id === this.state.selected);
    const next = objects[Math.max(0, Math.min(objects.length - 1, at < 0 ? 0 : at + step))];
    if (!next) return;
    this.setState({ selected: next.id }, () =>
      document.querySelector(`tr[data-id="${CSS.escape(next.id)}"]`)?.scrollIntoView({ block: "nearest" }),
    );
  }
}
