import { type FileDoor, realFiles } from "#src/brokers/file/file-door.js";

export type Fault = "fails" | "is cut short" | "is torn";

const failure = (syscall: string): Error =>
  Object.assign(new Error(`EIO: i/o error, ${syscall}`), { code: "EIO", syscall });

/** Files that fail once, at the step of that number. */
export class FailingFiles {
  steps = 0;
  hasFailed = false;
  readonly door: FileDoor;

  constructor(
    private readonly failAt: number,
    private readonly fault: Fault,
  ) {
    this.door = {
      ...realFiles,
      write: (fd, bytes, position) => {
        if (!this.isDue()) return realFiles.write(fd, bytes, position);
        const half = bytes.length >> 1;
        if (this.fault === "is cut short")
          return half === 0 ? 0 : realFiles.write(fd, bytes.subarray(0, half), position);
        if (this.fault === "is torn") realFiles.write(fd, bytes.subarray(0, half), position);
        throw failure("write");
      },
      sync: (fd) => (this.isDue() ? Promise.reject(failure("fdatasync")) : realFiles.sync(fd)),
      syncFolder: (path) => (this.isDue() ? Promise.reject(failure("fsync")) : realFiles.syncFolder(path)),
      truncate: (fd, bytes) => {
        if (this.isDue()) throw failure("ftruncate");
        realFiles.truncate(fd, bytes);
      },
      rename: (from, to) => {
        if (this.isDue()) throw failure("rename");
        realFiles.rename(from, to);
      },
    };
  }

  private isDue(): boolean {
    if (++this.steps !== this.failAt) return false;
    this.hasFailed = true;
    return true;
  }
}
