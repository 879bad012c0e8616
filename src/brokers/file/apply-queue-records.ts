import { RECORDS } from "./queue-log.layout.js";
import type { QueueState } from "./queue-state.js";

/** Applies the records of one whole frame of a queue's log, which begin at a position of the file. @throws RangeError when they are none */
export function applyQueueRecords(records: Buffer, position: number, state: QueueState): void {
  let at = 0;
  const ids = (): number[] => {
    const count = records.readUInt32LE(at);
    if (count * 8 > records.length - at - 4) throw new RangeError(`${count} messages in a record`);
    at += 4 + 8 * count;
    return Array.from({ length: count }, (_, i) => records.readDoubleLE(at - 8 * (count - i)));
  };
  const message = (deliveries: number, seat: number, given: number | undefined): void => {
    const id = records.readDoubleLE(at);
    const notBefore = records.readDoubleLE(at + 8);
    const expires = records.readDoubleLE(at + 16);
    const rank = given ?? id;
    const priority = records.readUInt8(at + 24);
    const metaBytes = records.readUInt32LE(at + 25);
    const bodyBytes = records.readUInt32LE(at + 29);
    at += 33;
    if (metaBytes + bodyBytes > records.length - at)
      throw new RangeError(`a message of ${metaBytes + bodyBytes} bytes`);
    const start = position + at;
    at += metaBytes + bodyBytes;
    const entry = { id, position: start, metaBytes, bodyBytes, notBefore, expires, priority, deliveries, seat, rank };
    state.add(entry);
  };
  while (at < records.length) {
    const kind = records[at++];
    switch (kind) {
      case RECORDS.base[0]:
        state.begin(records.readDoubleLE(at), records.readUInt8(at + 8) === 1);
        at += 9;
        break;
      case RECORDS.put[0]:
        message(0, 0, undefined);
        break;
      case RECORDS.kept[0]: {
        const [deliveries, seat, rank] = [
          records.readUInt32LE(at),
          records.readUInt32LE(at + 4),
          records.readDoubleLE(at + 8),
        ];
        at += 16;
        message(deliveries, seat, rank);
        break;
      }
      case RECORDS.taken[0]: {
        const seat = records.readUInt32LE(at);
        at += 4;
        state.take(ids(), seat);
        break;
      }
      case RECORDS.gone[0]:
        state.remove(ids());
        break;
      case RECORDS.back[0]: {
        const wasHanded = records.readUInt8(at++) === 1;
        state.giveBack(ids(), wasHanded);
        break;
      }
      case RECORDS.left[0]:
        state.leave(records.readUInt32LE(at));
        at += 4;
        break;
      case RECORDS.shut[0]:
        state.isShutDown = true;
        break;
      default:
        throw new RangeError(`a record of kind ${kind}`);
    }
  }
}
