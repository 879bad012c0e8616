/** What keeps a process alive unless it is told not to: a socket, a timer, a driver's client. */
interface Anchor {
  ref?(): unknown;
  unref?(): unknown;
}

/**
 * Whether the process should live for a connection that several share: it does as long as any of them says that a call of
 * its own is pending, and as long as none has said anything.
 */
export class Holding {
  private readonly holders = new Set<symbol>();
  private readonly pauses = new Set<NodeJS.Timeout>();
  private isHeld = true;
  private isKept = false;

  /** `anchors` gives what the connection consists of at the moment. */
  constructor(private readonly anchors: () => Iterable<Anchor | undefined>) {}

  /** Whether the process lives for it. */
  get holds(): boolean {
    return this.isHeld;
  }

  /** One more that says whether a call of its own is pending. */
  holder(): (isPending: boolean) => void {
    const key = Symbol("holder");
    return (isPending) => {
      if (isPending) this.holders.add(key);
      else this.holders.delete(key);
      this.set(this.isKept || this.holders.size > 0);
    };
  }

  /** From now on the process lives for it, whatever anybody says: for the goodbye. */
  keep(): void {
    this.isKept = true;
    this.set(true);
  }

  /** Tells what has come meanwhile. */
  follow(): void {
    for (const one of [...this.anchors(), ...this.pauses])
      if (this.isHeld) one?.ref?.();
      else one?.unref?.();
  }

  /** Resolves after so long; the process lives for that as for the rest. */
  async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.pauses.delete(timer);
        resolve();
      }, ms);
      this.pauses.add(timer);
      if (!this.isHeld) timer.unref();
    });
  }

  private set(isHeld: boolean): void {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    this.follow();
  }
}
