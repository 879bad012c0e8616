const MOST_FORMATS = 32;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Python's `zoneinfo.ZoneInfo`: a time zone by its name, such as `"Europe/Berlin"`. */
export class PythonZoneInfo {
  constructor(readonly key: string) {
    Object.freeze(this);
  }

  /** How far the zone's clocks are ahead of UTC at an instant, in milliseconds; NaN for a zone that Node does not know. */
  offsetAt(instant: number): number {
    const format = formatOf(this.key);
    if (format === undefined || Number.isNaN(instant)) return Number.NaN;
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instant)) parts[type] = Number(value);
    const { year, month, day, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
  }
}

function formatOf(key: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(key);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: key,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    if (formats.size === MOST_FORMATS) formats.clear();
    formats.set(key, format);
    return format;
  } catch {
    return undefined;
  }
}
