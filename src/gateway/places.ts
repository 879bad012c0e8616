import { Problem } from "./problem.js";

/** So many of something at once. */
export class Places {
  private taken = 0;

  constructor(
    private readonly most: number,
    private readonly what: string,
  ) {}

  /** Takes a place; what it gives leaves it, once. @throws Problem 429 when there is none */
  take(): () => void {
    if (this.taken >= this.most)
      throw new Problem(429, `there are ${this.most} ${this.what} already`, { headers: { "retry-after": "1" } });
    this.taken++;
    let isOurs = true;
    return () => {
      if (isOurs) this.taken--;
      isOurs = false;
    };
  }
}
