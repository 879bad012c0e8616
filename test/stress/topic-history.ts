/*
 * Topic history: what all parties of one topic noted, held against what a topic must do.
 *
 * Idea    Messages are numbered by the topic itself, so that all subscribers must tell of one and the same order, in which
 *         each publisher's messages keep theirs. What one subscription sees is that order from its beginning on without a
 *         gap, but for as many as it says that it has missed; none where the topic is lossless. Who drains his subscription
 *         when all publishers have ended has then seen, or missed, whatever was published since he had subscribed.
 * Limits  Times are noted before and after calls: a message counts as published after a subscription only if its call
 *         began when the other one had returned.
 * Source  jepsen.checker/total-queue and its checker of Kafka's logs (offsets, polls, gaps).
 */
import type { FaultTally } from "./fault-tally.js";
import type { Entry } from "./history.js";
import type { Witness } from "./party.js";

interface Life {
  readonly putAt: number;
  state: "under way" | "done" | "void";
  sequence?: number;
}

/** One subscription, from when its subscribe() had returned. */
interface Seen {
  readonly since: number;
  readonly ids: Set<string>;
  first?: number;
  next?: number;
  missed: number;
}

export class TopicHistory {
  private readonly lives = new Map<string, Life>();
  /** By the topic's number. */
  private readonly order = new Map<number, string>();

  constructor(
    private readonly label: string,
    private readonly tally: FaultTally,
    private readonly isLossless: boolean,
  ) {}

  /** Reads what publishers noted first, then what subscribers did. */
  read(parties: readonly Witness[]): void {
    for (const party of parties) if (party.job.role === "publisher") this.readPublisher(party);
    for (const party of parties) if (party.job.role === "subscriber") this.readSubscriber(party);
    this.judgeDrained();
  }

  judge(): void {
    const newest = new Map<string, number>();
    for (const [sequence, id] of [...this.order].sort(([a], [b]) => a - b)) {
      this.tally.count("messages");
      const [publisher, number] = id.split("/");
      const before = newest.get(publisher);
      if (before !== undefined && Number(number) < before)
        this.wrong("out of order", `${id} is number ${sequence}, behind ${publisher}/${before}`);
      newest.set(publisher, Number(number));
      if (this.lives.get(id)?.state === "under way") this.tally.count("published by a call that was killed");
    }
  }

  private readonly drained: Seen[] = [];

  private readPublisher(party: Witness): void {
    for (const { at, what, about } of party.history) {
      const id = `${party.job.number}/${about[0]}`;
      if (what === "put") this.lives.set(id, { putAt: at, state: "under way" });
      const life = this.lives.get(id);
      if (life && (what === "done" || what === "void")) life.state = what;
    }
  }

  private readSubscriber(party: Witness): void {
    const who = `subscriber ${party.job.number}`;
    let seen: Seen | undefined;
    for (const { at, what, about } of party.history) {
      if (what === "subscribed") seen = { since: at, ids: new Set(), missed: 0 };
      if (what === "broken") this.wrong("corrupt", `${who} at ${at}`);
      if (!seen) continue;
      if (what === "got") {
        const [publisher, number, sequence, missed] = about;
        const id = `${publisher}/${number}`;
        this.follow(seen, sequence, missed, `${who} at ${at}`);
        this.know(id, sequence, `${who} at ${at}`);
        if (seen.ids.has(id)) this.wrong("duplicated", `${id} came twice to ${who}`);
        seen.ids.add(id);
      }
      if (what === "last") this.follow(seen, about[0], about[1], `${who} at ${at}`);
      if (what === "drained") {
        if (about[0] !== seen.missed)
          this.wrong("wrong count", `${who} has missed ${about[0]}, and was told of ${seen.missed}`);
        this.drained.push(seen);
      }
    }
  }

  /** Numbers follow each other, but for those that were missed. */
  private follow(seen: Seen, sequence: number, missed: number, who: string): void {
    seen.first ??= sequence - missed;
    const due = (seen.next ?? seen.first) + missed;
    if (sequence < due) this.wrong("out of order", `number ${sequence} came, ${due} was next, to ${who}`);
    if (sequence > due) this.wrong("lost", `number ${sequence} came, ${due} was next, to ${who}`);
    if (missed > 0 && this.isLossless) this.wrong("lost", `${missed} were missed of a lossless topic by ${who}`);
    seen.next = sequence + 1;
    seen.missed += missed;
    if (missed > 0) this.tally.count("missed", missed);
  }

  private know(id: string, sequence: number, who: string): void {
    const life = this.lives.get(id);
    if (!life) return this.wrong("unexpected", `${id} came to ${who}, and nobody published it`);
    if (life.state === "void") this.wrong("unexpected", `${id} came to ${who}, and was not published`);
    life.sequence ??= sequence;
    if (life.sequence !== sequence)
      this.wrong("duplicated", `${id} is number ${life.sequence}, and ${sequence} for ${who}`);
    const known = this.order.get(sequence) ?? id;
    this.order.set(sequence, known);
    if (known !== id) this.wrong("duplicated", `number ${sequence} is ${known}, and ${id} for ${who}`);
  }

  private judgeDrained(): void {
    for (const seen of this.drained) {
      this.tally.count("drained subscriptions");
      const unseen = [...this.lives].filter(
        ([id, { state, putAt }]) => state === "done" && putAt > seen.since && !seen.ids.has(id),
      );
      const early = unseen.filter(([, { sequence }]) => sequence !== undefined && sequence < (seen.first ?? 0));
      if (unseen.length > seen.missed || early.length > 0)
        this.wrong("lost", `${unseen.map(([id]) => id).join(", ")} never came; ${seen.missed} were said to be missed`);
    }
  }

  private wrong(what: Parameters<FaultTally["wrong"]>[0], sentence: string): void {
    this.tally.wrong(what, `${this.label}: ${sentence}`);
  }
}

/** What a party was doing when it ended, by its last note. */
export function doingOf(history: readonly Entry[]): string {
  const last = history.at(-1)?.what ?? "before";
  if (last === "before") return "starting";
  if (last === "put") return "publishing";
  if (last === "take") return "taking";
  if (last === "subscribe") return "subscribing";
  return last === "leave" ? "closing its subscription" : "between two calls";
}
