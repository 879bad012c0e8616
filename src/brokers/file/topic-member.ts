import { Bounds } from "../bounds.js";
import type { Incoming, Settlement, SubscriptionDriver } from "../broker.js";
import type { FileLocks } from "./file-locks.js";
import type { FileLog } from "./file-log.js";
import type { FileTurns } from "./file-turns.js";
import type { Entry } from "./queue-state.js";
import type { TopicRecords } from "./topic-records.js";
import type { TopicState } from "./topic-state.js";
import type { TopicMeta } from "./topic-tail.js";

/** Whoever closes waits so long for his turn. */
const GOODBYE_MS = 2000;

/** What the subscriptions of one end of a topic have in common. */
export interface TopicEnd {
  readonly turns: FileTurns<TopicRecords>;
  readonly locks: FileLocks;
  readonly log: FileLog<TopicRecords>;
  readonly state: TopicState;
}

/** One member of a group of subscribers: the group is a queue, from which it takes. */
export class TopicMember implements SubscriptionDriver {
  /** A group misses nothing. */
  readonly missed = 0;

  constructor(
    private readonly end: TopicEnd,
    private readonly group: number,
    private readonly seat: number,
  ) {}

  take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[] | undefined> {
    const { turns, state } = this.end;
    return turns.submit<Incoming[] | undefined>(
      (turn) => {
        const line = state.groups.get(this.group)?.line;
        if (line === undefined) return () => undefined;
        const entries: Entry[] = [];
        for (let one = line.pick(turn.moment); one !== undefined; one = line.pick(turn.moment)) {
          entries.push(one);
          if (entries.length >= max) break;
        }
        if (entries.length === 0) return isWaiting ? undefined : () => [];
        turn.records.taken(this.group, this.seat, idsOf(entries));
        return () => entries.map((entry) => this.incoming(entry));
      },
      true,
      bounds,
    );
  }

  async settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    const { turns, state } = this.end;
    await turns.submit((turn) => {
      const entries = state.groups.get(this.group)?.line.entries;
      const held = messages.flatMap(({ token }) => entries?.get(token as number) ?? []);
      const ids = idsOf(held.filter(({ seat }) => seat === this.seat));
      if (ids.length > 0 && (how === "ack" || how === "reject")) turn.records.gone(this.group, ids);
      else if (ids.length > 0) turn.records.back(this.group, ids, how === "requeue");
      return () => undefined;
    });
  }

  async unsubscribe(): Promise<void> {
    await this.end.turns.submit((turn) => {
      turn.records.ended(this.group);
      turn.mustSync = true;
      return () => undefined;
    });
  }

  async close(): Promise<void> {
    const { turns, locks, state } = this.end;
    const bounds = new Bounds();
    const timer = setTimeout(() => bounds.giveUp(new Error("too late")), GOODBYE_MS);
    try {
      await turns.submit(
        (turn) => {
          if (state.groups.get(this.group)?.members.has(this.seat)) turn.records.left(this.seat);
          return () => undefined;
        },
        false,
        bounds,
      );
    } catch {
      // who cannot say that it leaves is found to have left
    } finally {
      clearTimeout(timer);
      locks.leaveSeat(this.seat);
    }
  }

  /** Timers and syncs that are under way hold the process by themselves. */
  hold(): void {}

  private incoming(entry: Entry): Incoming {
    const { meta, body } = this.end.log.read(entry);
    const { i, t, h = {} } = JSON.parse(meta.toString()) as TopicMeta;
    const { deliveries, id } = entry;
    const { key } = this.end.state.messages.get(id) ?? {};
    return { body, contentType: t, id: i, headers: h, key, deliveries, redelivered: deliveries > 1, token: id };
  }
}

const idsOf = (entries: readonly Entry[]): number[] => entries.map(({ id }) => id);
