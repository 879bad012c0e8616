import type { PickleWriter, WriteObject } from "./pickle-writer.js";
import { PythonDate } from "./python-date.js";
import { type DateTimeFields, PythonDateTime } from "./python-date-time.js";
import { PythonTime } from "./python-time.js";
import { PythonTimeDelta } from "./python-time-delta.js";
import { PythonTimeZone } from "./python-time-zone.js";
import { PythonZoneInfo } from "./python-zone-info.js";
import { WrittenGlobal } from "./written-global.js";

const type = (name: string): WrittenGlobal => new WrittenGlobal("datetime", name);

/** Dates and times, ours and Python's. */
export const timeWriters: readonly (readonly [object, WriteObject])[] = [
  [Date.prototype, (writer, value) => writeInstant(writer, value as Date)],
  [
    PythonDateTime.prototype,
    (writer, value) => {
      const date = value as PythonDateTime;
      if (!date.isAsMade) return writeInstant(writer, date);
      writeFields(writer, date, date.fields);
    },
  ],
  [
    PythonDate.prototype,
    (writer, value) => {
      const { year, month, day } = value as PythonDate;
      writer.call(value, type("date"), [dayBytes(writer, year, month, day)]);
    },
  ],
  [
    PythonTime.prototype,
    (writer, value) => {
      const { hour, minute, second, microsecond, zone, fold } = value as PythonTime;
      const bytes = timeBytes(writer, hour, minute, second, microsecond);
      if (fold === 1) bytes[0] |= 0x80;
      writer.call(value, type("time"), zone === null ? [bytes] : [bytes, zone]);
    },
  ],
  [
    PythonTimeDelta.prototype,
    (writer, value) => {
      const { days, seconds, microseconds } = value as PythonTimeDelta;
      writer.call(value, type("timedelta"), [days, seconds, microseconds]);
    },
  ],
  [
    PythonTimeZone.prototype,
    (writer, value) => {
      const { offset, name } = value as PythonTimeZone;
      writer.call(value, type("timezone"), name === null ? [offset] : [offset, name]);
    },
  ],
  [
    PythonZoneInfo.prototype,
    (writer, value) => writer.call(value, new WrittenGlobal("zoneinfo", "ZoneInfo"), [(value as PythonZoneInfo).key]),
  ],
];

/** An instant is a datetime in UTC. */
function writeInstant(writer: PickleWriter, date: Date): void {
  if (Number.isNaN(date.getTime())) throw writer.refusal("an invalid Date is no datetime");
  writeFields(writer, date, {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    microsecond: date.getUTCMilliseconds() * 1000,
    zone: PythonTimeZone.utc,
    fold: 0,
  });
}

function writeFields(writer: PickleWriter, value: object, fields: Required<DateTimeFields>): void {
  const { year, month, day, hour, minute, second, microsecond, zone, fold } = fields;
  const date = dayBytes(writer, year, month, day);
  if (fold === 1) date[2] |= 0x80;
  const bytes = Uint8Array.from([...date, ...timeBytes(writer, hour, minute, second, microsecond)]);
  writer.call(value, type("datetime"), zone === null ? [bytes] : [bytes, zone]);
}

function dayBytes(writer: PickleWriter, year: number, month: number, day: number): Uint8Array {
  const isRight = within(year, 1, 9999) && within(month, 1, 12) && within(day, 1, 31);
  if (!isRight) throw writer.refusal(`the day ${year}-${month}-${day}; Python has the years 1 to 9999`);
  return Uint8Array.of(year >> 8, year, month, day);
}

function timeBytes(
  writer: PickleWriter,
  hour: number,
  minute: number,
  second: number,
  microsecond: number,
): Uint8Array {
  const isRight =
    within(hour, 0, 23) && within(minute, 0, 59) && within(second, 0, 59) && within(microsecond, 0, 999_999);
  if (!isRight) throw writer.refusal(`a time of day that no clock has: ${hour}:${minute}:${second}`);
  return Uint8Array.of(hour, minute, second, microsecond >> 16, microsecond >> 8, microsecond);
}

function within(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
