import { type WebSocket, WebSocketServer } from "ws";
import type { LiveMessage } from "./live-message.js";
import { snapshot } from "./snapshot.js";
import type { ObjectView, Snapshot } from "./snapshot-model.js";

/** A page that takes nothing is let go when so much waits for it. */
const MOST_BUFFERED = 16 * 2 ** 20;
const PING_EVERY = 30;
/** A look is followed by a pause that is so many times as long, however many objects there are: 4 % of a processor at most. */
const PAUSE_TIMES = 24;

/** Tells pages of what changes, as long as there are any. */
export class LiveFeed {
  readonly server = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false });
  private readonly pages = new Map<WebSocket, { isThere: boolean }>();
  private timer: NodeJS.Timeout | undefined;
  private latest: Snapshot | undefined;
  /** The text of each object as the pages have it. */
  private texts = new Map<string, string>();
  private looks = 0;

  constructor(
    private readonly directory: string | undefined,
    private readonly intervalMs: number,
    private readonly allows: { readonly allowsWrite: boolean; readonly showsPayloads: boolean },
  ) {}

  /** An object as it was seen last; looks for it when no page is open. */
  find(id: string): ObjectView | undefined {
    return (this.latest ?? snapshot(this.directory)).objects.find((one) => one.id === id);
  }

  /** Adds a page: it gets everything, then what changes. */
  add(page: WebSocket): void {
    this.pages.set(page, { isThere: true });
    page.on("pong", () => this.pages.set(page, { isThere: true }));
    page.on("error", () => page.terminate());
    page.on("close", () => this.remove(page));
    if (this.latest === undefined) this.look();
    else this.send(page, this.message(this.latest, this.latest.objects, [], true));
  }

  close(): void {
    clearTimeout(this.timer);
    for (const page of this.pages.keys()) page.terminate();
    this.server.close();
  }

  private remove(page: WebSocket): void {
    this.pages.delete(page);
    if (this.pages.size > 0) return;
    clearTimeout(this.timer);
    this.latest = undefined;
    this.texts = new Map();
  }

  private look(): void {
    const startedAt = process.cpuUsage();
    const shot = snapshot(this.directory);
    const texts = new Map(shot.objects.map((object) => [object.id, JSON.stringify(object)]));
    const changed = shot.objects.filter(({ id }) => texts.get(id) !== this.texts.get(id));
    const gone = [...this.texts.keys()].filter((id) => !texts.has(id));
    const message = this.message(shot, changed, gone, this.latest === undefined);
    this.latest = shot;
    this.texts = texts;
    for (const page of this.pages.keys()) this.send(page, message);
    if (++this.looks % PING_EVERY === 0) this.ping();
    const { user, system } = process.cpuUsage(startedAt);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), Math.max(this.intervalMs, ((user + system) / 1000) * PAUSE_TIMES));
  }

  private message(shot: Snapshot, changed: Snapshot["objects"], gone: readonly string[], isWhole: boolean): string {
    const message: LiveMessage = { ...shot, objects: changed, gone, isWhole, ...this.allows };
    return JSON.stringify(message);
  }

  private send(page: WebSocket, message: string): void {
    if (page.bufferedAmount > MOST_BUFFERED) page.terminate();
    else page.send(message);
  }

  private ping(): void {
    for (const [page, { isThere }] of this.pages) {
      if (!isThere) {
        page.terminate();
        continue;
      }
      this.pages.set(page, { isThere: false });
      page.ping();
    }
  }
}
