import type { SharedValue } from "../../index.js";

/**
 * Work that two processes do at the same time, so often: the command is how often while the other side works, and minus
 * that when it has done so.
 */
export class BothAtOnce {
  constructor(
    private readonly command: SharedValue<"i32">,
    private readonly work: (count: number) => unknown,
  ) {}

  /** The side that measures: resolves when both have done it. */
  async run(count: number): Promise<void> {
    this.command.value = count;
    await this.work(count);
    await this.command.waitUntil((value) => value === -count);
  }

  /** The other side, until it is ended. */
  async serve(): Promise<void> {
    for (;;) {
      const count = await this.command.waitUntil((value) => value > 0);
      await this.work(count);
      this.command.value = -count;
    }
  }
}
