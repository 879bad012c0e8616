import { PythonDate } from "./python-date.js";
import { PythonDateTime } from "./python-date-time.js";
import { PythonGlobal, type ReadContext } from "./python-global.js";
import { PythonTime } from "./python-time.js";
import { PythonTimeDelta } from "./python-time-delta.js";
import { PythonTimeZone } from "./python-time-zone.js";
import { PythonZoneInfo } from "./python-zone-info.js";
import { allowMethod } from "./value-globals.js";

const SECONDS_A_DAY = 86_400;
const MOST_DAYS = 999_999_999;

const zoneInfo = ([key]: readonly unknown[], context: ReadContext): PythonZoneInfo => {
  if (typeof key !== "string" || key.length > 255) throw context.broken("a ZoneInfo without a key");
  const zone = new PythonZoneInfo(key);
  if (!zone.isKnown) context.unknownZone();
  return zone;
};
const unpickleZone = new PythonGlobal("zoneinfo", "ZoneInfo._unpickle", { call: zoneInfo });
allowMethod(unpickleZone);

export const timeGlobals: readonly PythonGlobal[] = [
  new PythonGlobal("datetime", "datetime", { call: dateTime }),
  new PythonGlobal("datetime", "date", {
    call: (args, context) => {
      const bytes = bytesOf(args[0], 4, "date", context);
      const { year, month, day } = dateIn(bytes, context);
      return new PythonDate(year, month, day);
    },
  }),
  new PythonGlobal("datetime", "time", {
    call: (args, context) => {
      const bytes = bytesOf(args[0], 6, "time", context);
      const fold = bytes[0] >= 0x80 ? 1 : 0;
      const { hour, minute, second, microsecond } = timeIn(bytes, bytes[0] & 0x7f, 0, context);
      return new PythonTime(hour, minute, second, microsecond, zoneOf(args[1], context), fold);
    },
  }),
  new PythonGlobal("datetime", "timedelta", {
    call: ([days = 0, seconds = 0, microseconds = 0], context) => {
      const isRight =
        isBetween(days, -MOST_DAYS, MOST_DAYS) &&
        isBetween(seconds, 0, SECONDS_A_DAY - 1) &&
        isBetween(microseconds, 0, 999_999);
      if (!isRight) throw context.broken("a timedelta out of range");
      return new PythonTimeDelta(days as number, seconds as number, microseconds as number);
    },
  }),
  new PythonGlobal("datetime", "timezone", {
    call: ([offset, name = null], context) => {
      const isRight = offset instanceof PythonTimeDelta && Math.abs(offset.valueOf()) < SECONDS_A_DAY * 1000;
      if (!isRight || !(name === null || typeof name === "string")) throw context.broken("a timezone out of range");
      return new PythonTimeZone(offset, name);
    },
  }),
  new PythonGlobal("zoneinfo", "ZoneInfo", { call: zoneInfo }),
  unpickleZone,
];

function dateTime(args: readonly unknown[], context: ReadContext): Date {
  const bytes = bytesOf(args[0], 10, "datetime", context);
  const fold = bytes[2] >= 0x80 ? 1 : 0;
  const zone = zoneOf(args[1], context);
  const fields = { ...dateIn(bytes, context), ...timeIn(bytes, bytes[4], 4, context), zone, fold } as const;
  const isUtc = zone instanceof PythonTimeZone && zone.name === null && zone.offset.valueOf() === 0;
  if (!isUtc || fold === 1 || fields.microsecond % 1000 !== 0) return new PythonDateTime(fields);
  return new Date(new PythonDateTime(fields).getTime());
}

/** The packed form; a str in pickles of Python 2. */
function bytesOf(value: unknown, length: number, what: string, context: ReadContext): Uint8Array {
  const bytes = typeof value === "string" && !/[^\0-\xff]/.test(value) ? Buffer.from(value, "latin1") : value;
  if (!(bytes instanceof Uint8Array) || bytes.length !== length)
    throw context.broken(`a ${what} without its ${length} bytes`);
  return bytes;
}

function dateIn(bytes: Uint8Array, context: ReadContext): { year: number; month: number; day: number } {
  const year = bytes[0] * 256 + bytes[1];
  const month = bytes[2] & 0x7f;
  const day = bytes[3];
  const isRight = isBetween(year, 1, 9999) && isBetween(month, 1, 12) && isBetween(day, 1, daysIn(year, month));
  if (!isRight) throw context.broken(`a day that no calendar has: ${year}-${month}-${day}`);
  return { year, month, day };
}

function timeIn(
  bytes: Uint8Array,
  hour: number,
  at: number,
  context: ReadContext,
): { hour: number; minute: number; second: number; microsecond: number } {
  const minute = bytes[at + 1];
  const second = bytes[at + 2];
  const microsecond = bytes[at + 3] * 65536 + bytes[at + 4] * 256 + bytes[at + 5];
  if (hour > 23 || minute > 59 || second > 59 || microsecond > 999_999)
    throw context.broken(`a time that no clock has: ${hour}:${minute}:${second}`);
  return { hour, minute, second, microsecond };
}

function zoneOf(value: unknown, context: ReadContext): PythonTimeZone | PythonZoneInfo | null {
  if (value === undefined || value === null) return null;
  if (value instanceof PythonTimeZone || value instanceof PythonZoneInfo) return value;
  throw context.broken("a time zone of another kind");
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}
