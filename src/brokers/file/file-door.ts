import {
  close,
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  open,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";

/** Which file it is: a name may lead to another one later. */
export interface FileIdentity {
  readonly inode: number;
  readonly bytes: number;
}

/** Every way in which a queue or a topic touches its files; tests put one in its place that fails where they say. */
export interface FileDoor {
  open(path: string, flags: string): number;
  close(fd: number): void;
  /** Fills as much of the buffer as the file has; gives how much. */
  read(fd: number, into: Uint8Array, position: number): number;
  /** Writes some or all of the bytes; gives how many. */
  write(fd: number, bytes: Uint8Array, position: number): number;
  truncate(fd: number, bytes: number): void;
  /** Resolves when what was written is on the disk. */
  sync(fd: number): Promise<void>;
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): void;
  /** Undefined when there is no such file. */
  identify(path: string): FileIdentity | undefined;
  stat(fd: number): FileIdentity;
}

/** The real files. */
export const realFiles: FileDoor = {
  open: (path, flags) => openSync(path, flags, 0o600),
  close: (fd) => closeSync(fd),
  read(fd, into, position) {
    let done = 0;
    while (done < into.length) {
      const count = readSync(fd, into, done, into.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  },
  write: (fd, bytes, position) => writeSync(fd, bytes, 0, bytes.length, position),
  truncate: (fd, bytes) => ftruncateSync(fd, bytes),
  sync: (fd) => new Promise((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve()))),
  syncFolder: (path) =>
    new Promise((resolve, reject) => {
      open(path, "r", (failure, fd) => {
        if (failure) return reject(failure);
        fsync(fd, (error) => close(fd, () => (error ? reject(error) : resolve())));
      });
    }),
  rename: (from, to) => renameSync(from, to),
  identify(path) {
    const found = statSync(path, { throwIfNoEntry: false });
    return found && { inode: found.ino, bytes: found.size };
  },
  stat(fd) {
    const { ino, size } = fstatSync(fd);
    return { inode: ino, bytes: size };
  },
};
