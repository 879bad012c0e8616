import { type Connection, type Process, pipe, spawn } from "interproc";
import { type Assignment, partner, type Report } from "./roles.js";
import type { Tally } from "./tally.js";

/** A survivor that has said nothing for so long hangs. */
const HANGING_MS = 20_000;

/** A process that survives victims, one after another, until it is one itself. */
export class Partner {
  private readonly orders: Connection<Assignment, Report>;
  private readonly child: Process;
  private readonly descriptors: number[] = [];

  static async start(): Promise<Partner> {
    const made = new Partner();
    await made.report();
    return made;
  }

  private constructor() {
    const [mine, theirs] = pipe<Assignment, Report>();
    this.orders = mine;
    this.child = spawn(partner, [theirs]);
  }

  get pid(): number {
    return this.child.pid;
  }

  assign(assignment: Assignment): Promise<void> {
    return this.orders.send(assignment);
  }

  async report(): Promise<Report> {
    const report = await this.orders.recv({ timeout: HANGING_MS });
    this.descriptors.push(report.descriptors);
    return report;
  }

  kill(): void {
    this.child.kill();
  }

  /** Lets it end: at once when nothing is left to do, or when it was killed. */
  async end(): Promise<void> {
    this.orders.close();
    await this.child.join();
  }

  /** It must not have gathered descriptors over its rounds. */
  judge(tally: Tally): void {
    const last = this.descriptors.at(-1) ?? 0;
    const [, , , first = last] = this.descriptors; // by then it has all that it needs
    if (last > first + 2) tally.wrong("files left", `a partner had ${first} descriptors and then ${last}`);
  }
}
