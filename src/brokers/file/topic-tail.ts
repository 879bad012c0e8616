import { join } from "node:path";
import type { MessageHeaders } from "../../async-queue.js";
import { InterprocError, MismatchError, NotFoundError, SystemError } from "../../errors.js";
import type { Incoming } from "../broker.js";
import type { FileDoor } from "./file-door.js";
import type { LogPlace } from "./file-log.js";
import { FRAMES_OFFSET } from "./file-log.layout.js";
import { FrameReader } from "./frame-reader.js";
import { LogMark } from "./log-mark.js";
import { type PublishedAt, readTopicRecords } from "./read-topic-records.js";
import { TOPIC_RECORDS } from "./topic-log.layout.js";

/** So much is read at once, and the frame in which that ends. */
const PIECE = 1 << 20;
const BASE_BYTES = 9;

/** What stands beside a message's body. */
export interface TopicMeta {
  readonly i: string;
  readonly t?: string;
  readonly h?: MessageHeaders;
}

/*
 * Reading a topic's log without its lock
 *
 * Idea    A plain subscriber reads the log by himself from where it ended when he subscribed, up to what the newest mark says
 *         is on the disk. He asks nobody and nobody waits for him. Messages are numbered, so whoever was too slow knows how
 *         many he missed.
 * States  He is in the log that has the name, or in one that had it: a file that is open stays, with all that was in it. In
 *         that he reads on to its end, then goes to the one that has the name now, and there passes over what he has had.
 * Order   Which log has the name is looked at before the mark is read: if it is another one by then, the mark of the old one
 *         will not change any more, and what it says is all that there was.
 * Death   Leaves nothing: an old log that only he had open goes with him.
 * Failure A mark that is being written may look torn; then the one before counts, and there is a look a little later.
 * Limits  He misses something only if the log was written anew twice since he opened the one in which he reads. What a publisher
 *         had written when it was killed, and nobody had confirmed, he sees together with the next message.
 * Source  Log-structured readers; log rotation under `tail -F`.
 */
export class TopicTail {
  missed = 0;
  private fd: number;
  private inode: number;
  private position: number;
  /** Where the log was written anew: what was published before and is not in it any more was missed. */
  private begun = 0;
  private readonly path: string;

  constructor(
    private readonly folder: string,
    private readonly door: FileDoor,
    private readonly label: string,
    place: LogPlace,
    /** The number of the next message. */
    private next: number,
    private readonly matches: (key: string) => boolean,
  ) {
    this.path = join(folder, "log");
    this.fd = this.guarded(() => door.open(this.path, "r"));
    this.inode = place.inode;
    this.position = place.position;
  }

  /** What matches in the next piece of the log, and whether there is more to read. @throws MismatchError, NotFoundError, SystemError */
  read(): { found: Incoming[]; isMore: boolean } {
    return this.guarded(() => this.readPiece());
  }

  close(): void {
    if (this.fd >= 0) this.door.close(this.fd);
    this.fd = -1;
  }

  private readPiece(): { found: Incoming[]; isMore: boolean } {
    const named = this.door.identify(this.path);
    const head = Buffer.alloc(FRAMES_OFFSET);
    this.door.read(this.fd, head, 0);
    const reader = new FrameReader(this.door, this.fd, this.position, LogMark.in(head)?.synced ?? 0);
    const found: Incoming[] = [];
    const enough = this.position + PIECE;
    while (!reader.isAtEnd && reader.position < enough) {
      if (!this.isKnown(reader)) this.readFrame(reader, found);
      reader.pass();
      this.position = reader.position;
    }
    if (!reader.isAtEnd) return { found, isMore: true };
    this.skipTo(this.begun);
    if (named?.inode === this.inode) return { found, isMore: false };
    if (found.length > 0) return { found, isMore: true };
    if (named === undefined)
      throw new NotFoundError(`${this.label}: ${this.path} is not there any more: the topic was deleted`, {
        resource: this.folder,
      });
    this.close();
    this.fd = this.door.open(this.path, "r");
    this.inode = this.door.stat(this.fd).inode;
    this.position = FRAMES_OFFSET;
    return this.readPiece();
  }

  /** Whether a frame of a log that was written anew has only what we had. */
  private isKnown(reader: FrameReader): boolean {
    const base = reader.peek(BASE_BYTES);
    return base?.length === BASE_BYTES && base[0] === TOPIC_RECORDS.base[0] && base.readDoubleLE(1) <= this.next;
  }

  private readFrame(reader: FrameReader, found: Incoming[]): void {
    const records = reader.records();
    if (records === undefined) throw this.damage("what stands there is not whole");
    try {
      readTopicRecords(records, {
        base: (nextId) => {
          this.begun = nextId;
        },
        published: (message) => {
          if (message.id < this.next) return;
          this.skipTo(message.id);
          this.next++;
          if (this.matches(message.key)) found.push(incoming(records, message));
        },
      });
    } catch (cause) {
      throw this.damage(`its records cannot be read: ${(cause as Error).message}`);
    }
  }

  /** What lies before that number is not there any more. */
  private skipTo(id: number): void {
    if (id <= this.next) return;
    this.missed += id - this.next;
    this.next = id;
  }

  private guarded<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof InterprocError) throw error;
      const { code, syscall, message } = error as NodeJS.ErrnoException;
      throw new SystemError(`${this.label}: reading ${this.path}: ${message}`, {
        ...{ errno: code, syscall, resource: this.folder, cause: error },
      });
    }
  }

  private damage(why: string): MismatchError {
    return new MismatchError(`${this.label}: ${this.path}: it is damaged at byte ${this.position}: ${why}`, {
      resource: this.folder,
    });
  }
}

/** A copy: the piece that was read is not kept for it. */
function incoming(records: Buffer, { key, at, metaBytes, bodyBytes }: PublishedAt): Incoming {
  const { i, t, h = {} } = JSON.parse(records.toString("utf8", at, at + metaBytes)) as TopicMeta;
  const body = Buffer.allocUnsafeSlow(bodyBytes);
  records.copy(body, 0, at + metaBytes, at + metaBytes + bodyBytes);
  const delivered = { deliveries: 1, redelivered: false, token: undefined };
  return { ...delivered, body, contentType: t, id: i, headers: h, key };
}
