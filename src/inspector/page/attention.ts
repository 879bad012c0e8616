import { type ComponentChild, h } from "preact";
import { change } from "./link.js";
import { objectLink } from "./object-link.js";
import type { Store } from "./store.js";
import { texts } from "./texts.js";

const MOST = 6;

interface Matter {
  readonly tone: "bad" | "odd";
  readonly what: string;
  readonly text: ComponentChild;
}

interface AttentionProps {
  readonly store: Store;
  /** Changes when there is something new. */
  readonly version: number;
  readonly said: string;
  say(answer: string): void;
}

/** All that is not as it should be: deadlocks, abandoned locks, slow consumers, what was damaged or left behind. */
export function Attention({ store, said, say }: AttentionProps): ComponentChild {
  const matters = mattersOf(store, said, say);
  if (matters.length === 0) return null;
  const items = matters
    .slice(0, MOST)
    .map(({ tone, what, text }, index) =>
      h("li", { key: `${what} ${index}`, class: tone }, [
        h("strong", null, what),
        h("span", { role: what === "Deadlock" ? "alert" : undefined }, text),
      ]),
    );
  const more = matters.length - MOST;
  return h("ul", { class: "attention", "aria-label": "What needs attention" }, [
    items,
    more > 0 && h("li", { class: "odd" }, [h("strong", null, "More"), h("span", null, `${more} like these`)]),
  ]);
}

function mattersOf(store: Store, said: string, say: (answer: string) => void): Matter[] {
  const { snapshot, slow, allowsWrite } = store;
  if (!snapshot) return [];
  const objectOf = new Map(snapshot.objects.map((object) => [object.id, object]));
  const threadOf = new Map(snapshot.threads.map((one) => [one.thread, texts.process(one.pid, one.name)]));
  const link = (id: string): ComponentChild => objectLink(id, objectOf.get(id));
  const collect = async (): Promise<void> => say(await change("/api/gc", {}));
  const stale = snapshot.objects.filter(({ state }) => state === "left behind").length;
  return [
    ...snapshot.deadlocks.map(({ isCertain, text }): Matter => {
      return { tone: isCertain ? "bad" : "odd", what: isCertain ? "Deadlock" : "Possible deadlock", text };
    }),
    ...snapshot.objects
      .filter(({ abandoned }) => abandoned)
      .map(({ id }): Matter => {
        return {
          tone: "odd",
          what: "Abandoned",
          text: [link(id), ": its holder died; what it guards may be half changed"],
        };
      }),
    ...slow.map(({ object, thread, why }): Matter => {
      const who = thread === undefined ? "" : `, ${threadOf.get(thread) ?? thread}`;
      return { tone: "odd", what: "Slow consumer", text: [link(object), `${who}: ${why}`] };
    }),
    ...snapshot.objects
      .filter(({ state }) => state === "damaged")
      .map(({ id, problem }): Matter => ({ tone: "bad", what: "Damaged", text: [link(id), `: ${problem ?? ""}`] })),
    ...(stale > 0
      ? [
          {
            tone: "odd" as const,
            what: "Left behind",
            text: [
              `${texts.counted(stale, "object")} of killed processes. `,
              allowsWrite ? h("button", { type: "button", onClick: collect }, "Remove") : "interproc gc removes them.",
              ` ${said}`,
            ],
          },
        ]
      : []),
  ];
}
