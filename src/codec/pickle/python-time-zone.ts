import { PythonTimeDelta } from "./python-time-delta.js";

/** Python's `datetime.timezone`: a fixed distance from UTC. */
export class PythonTimeZone {
  static readonly utc = new PythonTimeZone(new PythonTimeDelta(0));

  constructor(
    readonly offset: PythonTimeDelta,
    readonly name: string | null = null,
  ) {
    Object.freeze(this);
  }
}
