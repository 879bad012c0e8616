/** By lower case, as the engine does not mind it: so many there are as the engine knows zones. */
const formats = new Map<string, Intl.DateTimeFormat>();
const formatOfZone = new WeakMap<PythonZoneInfo, Intl.DateTimeFormat | null>();

/** Python's `zoneinfo.ZoneInfo`: a time zone by its name, such as `"Europe/Berlin"`. */
export class PythonZoneInfo {
  constructor(readonly key: string) {
    Object.freeze(this);
  }

  /** False for a zone that Node does not know: its datetimes are invalid Dates here. */
  get isKnown(): boolean {
    return formatFor(this) !== null;
  }

  /** How far the zone's clocks are ahead of UTC at an instant, in milliseconds; NaN for a zone that Node does not know. */
  offsetAt(instant: number): number {
    const format = formatFor(this);
    if (format === null || Number.isNaN(instant)) return Number.NaN;
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instant)) parts[type] = Number(value);
    const { year, month, day, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
  }
}

function formatFor(zone: PythonZoneInfo): Intl.DateTimeFormat | null {
  const known = formatOfZone.get(zone);
  if (known !== undefined) return known;
  const format = formats.get(zone.key.toLowerCase()) ?? newFormat(zone.key);
  formatOfZone.set(zone, format);
  if (format !== null) formats.set(zone.key.toLowerCase(), format);
  return format;
}

function newFormat(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    return null;
  }
}
