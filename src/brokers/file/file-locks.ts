import { constants, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { NotFoundError, SystemError } from "../../errors.js";
import { nextTurn } from "../../loop-turn.js";

/** Bytes of the file `lock`: who writes, who is next, and from here on one for each consumer. */
const WRITER = 0;
const NEXT = 1;
const SEATS = 1024;
export const MOST_SEATS = 65_535;

/** So often it is looked without a pause before it is looked once a millisecond. */
const QUICK_LOOKS = 50;

/*
 * Locks of the folder of a queue or a topic
 *
 * Idea    Locks of open file descriptions on bytes of one empty file: the kernel lets go of them when a process ends, however
 *         it ends, and nobody has to judge who is dead. They have no queue and cannot be waited for in an event loop, so
 *         whoever waits looks again and again. A second byte makes that fair: who holds it is next, and is alone in
 *         looking at the writer's byte.
 * States  A seat's byte is locked as long as its consumer lives.
 * Order   NEXT, then WRITER, then NEXT is let go. A seat is taken and given up by who holds WRITER.
 * Death   The kernel unlocks. A process that is stopped (SIGSTOP) while it holds WRITER stops the others' calls, which their
 *         timeouts end; it holds it for one append and one sync.
 * Limits  65,535 consumers. File systems without such locks (some network ones) are refused by the kernel: SystemError.
 * Source  SQLite's locking of bytes; the registry of this package.
 */
export class FileLocks {
  /** Our own: the kernel gives them to us a second time. */
  private readonly seats = new Set<number>();

  private constructor(
    private readonly native: Native,
    private readonly fd: number,
    private readonly path: string,
    private readonly inode: number,
    private readonly noun: string,
  ) {}

  /** Opens, or makes, the file. @throws SystemError, also where the addon cannot be loaded */
  static async open(path: string, noun = "queue"): Promise<FileLocks> {
    const { addon, check } = await import("../../native/addon.js");
    const native = { addon: addon(), check };
    const flags = constants.O_RDWR | constants.O_CREAT;
    const fd = check(native.addon.open(path, flags, 0o600), "open", `opening ${path}`);
    return new FileLocks(native, fd, path, statSync(path).ino, noun);
  }

  /** Becomes the writer; false when `isWanted` says before that it is not wanted any more. @throws NotFoundError, SystemError */
  async acquire(isWanted: () => boolean): Promise<boolean> {
    for (const byte of [NEXT, WRITER])
      for (let looks = 0; !this.tryLock(byte); looks++) {
        if (!isWanted()) {
          if (byte === WRITER) this.unlock(NEXT);
          return false;
        }
        if (looks < QUICK_LOOKS) await nextTurn();
        else await sleep(1);
      }
    this.unlock(NEXT);
    if (statSync(this.path, { throwIfNoEntry: false })?.ino === this.inode) return true;
    this.release();
    throw new NotFoundError(`${this.path} is not there any more: the ${this.noun} was deleted`, {
      resource: this.path,
    });
  }

  release(): void {
    this.unlock(WRITER);
  }

  /** Takes a seat that nobody has; only the writer may. */
  takeSeat(): number {
    for (let seat = 1; seat <= MOST_SEATS; seat++)
      if (!this.seats.has(seat) && this.tryLock(SEATS + seat)) {
        this.seats.add(seat);
        return seat;
      }
    throw new SystemError(`${this.path}: all ${MOST_SEATS} places for consumers are taken`, { errno: "ENOSPC" });
  }

  leaveSeat(seat: number): void {
    if (this.seats.delete(seat)) this.unlock(SEATS + seat);
  }

  /** Whether the consumer of that seat lives. */
  isAlive(seat: number): boolean {
    if (this.seats.has(seat)) return true;
    return this.native.check(this.native.addon.locked(this.fd, SEATS + seat), "fcntl", `looking at ${this.path}`) === 1;
  }

  /** Lets go of everything. */
  close(): void {
    this.native.addon.close(this.fd);
  }

  private tryLock(byte: number): boolean {
    return this.native.check(this.native.addon.lock(this.fd, byte, 0), "fcntl", `locking ${this.path}`) === 1;
  }

  private unlock(byte: number): void {
    this.native.check(this.native.addon.unlock(this.fd, byte), "fcntl", `unlocking ${this.path}`);
  }
}

interface Native {
  readonly addon: {
    open(path: string, flags: number, mode: number): number;
    close(fd: number): number;
    lock(fd: number, byte: number, shared: number): number;
    unlock(fd: number, byte: number): number;
    locked(fd: number, byte: number): number;
  };
  readonly check: (result: number, syscall: string, operation: string) => number;
}
