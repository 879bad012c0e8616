import type { Bounds } from "./bounds.js";
import type { Feed, Incoming, QueueDriver } from "./broker.js";

/** Messages for one loop by taking as many as there are places: for servers that send nothing by themselves. */
export class TakingFeed implements Feed {
  private places: number;

  constructor(
    private readonly driver: Pick<QueueDriver, "take" | "settle">,
    prefetch: number,
  ) {
    this.places = prefetch;
  }

  async next(bounds: Bounds): Promise<Incoming[] | undefined> {
    // a consumer that settles nothing still gets on, one by one
    const found = await this.driver.take(Math.max(1, this.places), true, bounds);
    this.places -= found?.length ?? 0;
    return found;
  }

  settled(): void {
    this.places++;
  }

  async end(): Promise<void> {}
}
