import type { TopicCapability } from "../../async-topic.js";
import { MismatchError, UsageError } from "../../errors.js";
import { keyPattern } from "../../key-pattern.js";
import type { Bounds } from "../bounds.js";
import type { Outgoing, SubscriptionDriver, TopicDriver, Wanted } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { type FileDoor, realFiles } from "./file-door.js";
import type { FileLocks } from "./file-locks.js";
import type { FileLog } from "./file-log.js";
import { FileTurns, type TurnsOwner } from "./file-turns.js";
import { FolderNews } from "./folder-news.js";
import { openLog } from "./open-log.js";
import { TopicListener } from "./topic-listener.js";
import { type TopicEnd, TopicMember } from "./topic-member.js";
import { TopicRecords } from "./topic-records.js";
import { TopicState } from "./topic-state.js";
import { type TopicMeta, TopicTail } from "./topic-tail.js";

const MOST_BODY = 256 << 20;
const capabilities: ReadonlySet<TopicCapability> = new Set(["group", "durable", "headers", "missed"] as const);

/** What tests have otherwise. */
export interface TopicFiles {
  readonly door?: FileDoor;
  readonly leastToRewrite?: number;
}

/** Opens the durable topic in a folder, or makes it. @throws MismatchError, NotFoundError, SystemError */
export async function openFileTopic(
  { name: folder, shown }: Pick<BrokerUrl, "name" | "shown">,
  operation: string,
  { door = realFiles, leastToRewrite }: TopicFiles = {},
): Promise<TopicDriver> {
  const state = new TopicState(leastToRewrite);
  const { locks, log } = await openLog({ folder, shown, state, operation, mustExist: false, door });
  return new FileTopic(folder, `topic ${shown}`, door, locks, log, state);
}

/*
 * A durable topic in a folder
 *
 * Idea    One log (see FileLog) has what is published, and what groups did with it. A group is a queue of those messages whose
 *         key matches its pattern: its members take from it, under the log's lock, as consumers do from a durable queue. A plain
 *         subscriber only reads (see TopicTail), so that no publisher waits for one, and none needs to be known.
 * States  A message is needed as long as a group has not acknowledged it; a group lasts until somebody unsubscribes or, if it is
 *         not durable, until its last member has left.
 * Order   That in which the messages are written, the same for all. What comes back to a group goes in front of it.
 * Death   A member's seat is locked as long as it lives: whoever has a turn looks, and what a dead one had taken is ready
 *         again. A killed publisher has published the message or not.
 * Space   A log of more than 16 MiB, of which less than half is needed, is written anew by whoever has just written or taken. Then
 *         what nobody needs is gone, but for plain subscribers who still read in the old file.
 * Limits  65,535 members of groups at once. A durable group to which nobody comes back keeps its messages for ever.
 * Source  Kafka's log with its groups; JetStream's retention by interest.
 */
class FileTopic implements TopicDriver, TurnsOwner<TopicRecords>, TopicEnd {
  readonly capabilities = capabilities;
  readonly turns: FileTurns<TopicRecords>;
  readonly nextArrival = Number.POSITIVE_INFINITY;
  private readonly news: FolderNews;

  constructor(
    private readonly folder: string,
    private readonly label: string,
    private readonly door: FileDoor,
    readonly locks: FileLocks,
    readonly log: FileLog<TopicRecords>,
    readonly state: TopicState,
  ) {
    this.news = new FolderNews(folder);
    this.turns = new FileTurns(this.news, locks, log, this);
  }

  get hasTaken(): boolean {
    return this.state.hasTaken;
  }

  /** Dead members leave. */
  sweep(): TopicRecords {
    const records = new TopicRecords();
    for (const seat of this.state.seats) if (!this.locks.isAlive(seat)) records.left(seat);
    return records;
  }

  async publish({ body, contentType, id, headers, key = "" }: Outgoing, bounds: Bounds): Promise<void> {
    if (body.length > MOST_BODY)
      throw new UsageError(`${this.label}: publish() of ${body.length} bytes; at most ${MOST_BODY}`);
    const meta: TopicMeta = { i: id, t: contentType, ...(Object.keys(headers).length > 0 && { h: headers }) };
    const bytes = Buffer.from(JSON.stringify(meta));
    await this.turns.submit(
      (turn) => {
        if (!bounds.commit()) return undefined;
        turn.records.published({ id: this.state.nextId + turn.added++, key, meta: bytes, body });
        turn.mustSync = true;
        return () => undefined;
      },
      false,
      bounds,
    );
  }

  subscribe({ pattern, group, isDurable }: Wanted): Promise<SubscriptionDriver> {
    const operation = `${this.label}: subscribe()`;
    return group === undefined ? this.listen(pattern, operation) : this.join(pattern, group, isDurable, operation);
  }

  async close(): Promise<void> {
    await this.turns.close();
    this.news.close();
    this.log.close();
    this.locks.close();
  }

  /** Timers and syncs that are under way hold it by themselves. */
  hold(): void {}

  private listen(pattern: string, operation: string): Promise<SubscriptionDriver> {
    const matches = keyPattern(pattern, operation);
    const { folder, door, label, log, state } = this;
    // its place is looked at in a turn: what was confirmed by then lies before it, what is published later behind it
    return this.turns.submit(
      () => () => new TopicListener(this.news, new TopicTail(folder, door, label, log.place, state.nextId, matches)),
    );
  }

  private async join(
    pattern: string,
    name: string,
    isDurable: boolean,
    operation: string,
  ): Promise<SubscriptionDriver> {
    let seat = 0;
    try {
      return await this.turns.submit((turn) => {
        const known = this.state.named(name);
        if (known && known.isDurable !== isDurable)
          return () => {
            const [there, wanted] = known.isDurable ? ["durable", "not"] : ["not durable", "durable"];
            throw new MismatchError(
              `${operation}: group ${JSON.stringify(name)} is ${there}, and ${wanted} wanted; allowed: to say the same, or another name`,
              { resource: this.folder },
            );
          };
        // a group that is made in this turn is not in the state yet
        if (turn.isFull) return undefined;
        turn.isFull = true;
        const group = known?.number ?? this.state.nextGroup;
        if (known?.pattern !== pattern) {
          turn.records.group({ group, isDurable, name, pattern });
          turn.mustSync = true;
        }
        seat = this.locks.takeSeat();
        turn.records.joined(group, seat);
        return () => new TopicMember(this, group, seat);
      });
    } catch (error) {
      this.locks.leaveSeat(seat);
      throw error;
    }
  }
}
