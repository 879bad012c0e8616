import { TOPIC_RECORDS } from "./topic-log.layout.js";
import type { DueRecord, GroupRecord } from "./topic-records.js";

/** A message as it stands in the records of a frame. */
export interface PublishedAt {
  readonly id: number;
  readonly key: string;
  /** Where its meta data begin, in the records; the body follows them. */
  readonly at: number;
  readonly metaBytes: number;
  readonly bodyBytes: number;
}

/** Who hears what the records of a topic's log say; of what it does not care for it has no method. */
export interface TopicSink {
  base?(nextId: number, nextGroup: number): void;
  published(message: PublishedAt, isKept: boolean): void;
  group?(group: GroupRecord): void;
  due?(group: number, messages: readonly DueRecord[]): void;
  joined?(group: number, seat: number): void;
  left?(seat: number): void;
  taken?(group: number, seat: number, ids: readonly number[]): void;
  gone?(group: number, ids: readonly number[]): void;
  back?(group: number, ids: readonly number[], wasHanded: boolean): void;
  ended?(group: number): void;
}

/** Reads the records of one whole frame of a topic's log. @throws RangeError when they are none */
export function readTopicRecords(records: Buffer, sink: TopicSink): void {
  let at = 0;
  const word = (): number => {
    at += 4;
    return records.readUInt32LE(at - 4);
  };
  const byte = (): number => records.readUInt8(at++);
  const double = (): number => {
    at += 8;
    return records.readDoubleLE(at - 8);
  };
  const room = (bytes: number, what: string): void => {
    if (bytes > records.length - at) throw new RangeError(`${what} of ${bytes} bytes`);
  };
  const text = (bytes: number): string => {
    room(bytes, "a text");
    at += bytes;
    return records.toString("utf8", at - bytes, at);
  };
  const many = <T>(bytes: number, one: () => T): T[] => {
    const count = word();
    room(count * bytes, "a list");
    return Array.from({ length: count }, one);
  };
  while (at < records.length) {
    const kind = byte();
    switch (kind) {
      case TOPIC_RECORDS.base[0]: {
        const [nextId, nextGroup] = [double(), word()];
        sink.base?.(nextId, nextGroup);
        break;
      }
      case TOPIC_RECORDS.published[0]:
      case TOPIC_RECORDS.kept[0]: {
        const [id, keyBytes, metaBytes, bodyBytes] = [double(), byte(), word(), word()];
        const key = text(keyBytes);
        room(metaBytes + bodyBytes, "a message");
        sink.published({ id, key, at, metaBytes, bodyBytes }, kind === TOPIC_RECORDS.kept[0]);
        at += metaBytes + bodyBytes;
        break;
      }
      case TOPIC_RECORDS.group[0]: {
        const [group, isDurable, nameBytes, patternBytes] = [word(), byte() === 1, word(), word()];
        const [name, pattern] = [text(nameBytes), text(patternBytes)];
        sink.group?.({ group, isDurable, name, pattern });
        break;
      }
      case TOPIC_RECORDS.due[0]: {
        const group = word();
        const messages = many(24, () => ({ id: double(), deliveries: word(), seat: word(), rank: double() }));
        sink.due?.(group, messages);
        break;
      }
      case TOPIC_RECORDS.joined[0]: {
        const [group, seat] = [word(), word()];
        sink.joined?.(group, seat);
        break;
      }
      case TOPIC_RECORDS.left[0]: {
        const seat = word();
        sink.left?.(seat);
        break;
      }
      case TOPIC_RECORDS.taken[0]: {
        const [group, seat, ids] = [word(), word(), many(8, double)];
        sink.taken?.(group, seat, ids);
        break;
      }
      case TOPIC_RECORDS.gone[0]: {
        const [group, ids] = [word(), many(8, double)];
        sink.gone?.(group, ids);
        break;
      }
      case TOPIC_RECORDS.back[0]: {
        const [group, wasHanded, ids] = [word(), byte() === 1, many(8, double)];
        sink.back?.(group, ids, wasHanded);
        break;
      }
      case TOPIC_RECORDS.ended[0]: {
        const group = word();
        sink.ended?.(group);
        break;
      }
      default:
        throw new RangeError(`a record of kind ${kind}`);
    }
  }
}
