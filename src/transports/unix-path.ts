/*
 * Giving a unix socket its name: nobody finds it half made, and nobody's is taken away.
 *
 * Idea    The socket is bound inside a fresh folder that only this user can enter, gets its mode there, and is then linked
 *         to its name. A link fails where the name is taken; so two who start at once cannot both have it, and there is no moment
 *         at which a socket has a mode that it should not have.
 * Death   A listener that was killed leaves its name behind. Whoever wants it and is refused there (ECONNREFUSED: nobody
 *         listens) moves the old name away, makes sure that it has moved that very socket, and links its own. One at a time
 *         does that, under a lock that the kernel gives back when its holder dies. A listener that was killed before it had its
 *         name leaves a folder; whoever listens beside it a minute later removes that.
 */
import { chmodSync, linkSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { ExistsError, SystemError, UsageError } from "../errors.js";
import { lockName } from "./lock-name.js";
import { systemFailure } from "./system-failure.js";

/** What a socket's address has room for, without its end. */
const LONGEST_PATH = 107;
const FOLDER_CHARS = ".i-XXXXXX/s".length;
/** A folder that is so old is nobody's any more: it is needed for the time of a few calls. */
const OLD_MS = 60_000;

/** Whether somebody listens there. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", end(true));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(error.code !== "ECONNREFUSED" && error.code !== "ENOENT")(),
    );
  });
}

/** Where a socket that is to have this path is bound first. */
export class UnixPath {
  readonly temporary: string;
  private readonly folder: string;
  private identity: string | undefined;

  /** @throws UsageError for a path that is too long; NotFoundError, SystemError */
  constructor(private readonly path: string) {
    const longest = LONGEST_PATH - FOLDER_CHARS + Math.min(Buffer.byteLength(basename(path)), FOLDER_CHARS);
    if (Buffer.byteLength(path) > longest)
      throw new UsageError(
        `listen() of unix:${path}: the path has ${Buffer.byteLength(path)} bytes; at most ${longest} for a socket`,
        { resource: `unix:${path}` },
      );
    try {
      this.folder = mkdtempSync(join(dirname(path), ".i-"));
    } catch (error) {
      throw systemFailure(error, "listen()", `unix:${path}`);
    }
    this.temporary = join(this.folder, "s");
  }

  /** The socket is bound: it gets its mode and its name. @throws ExistsError, SystemError */
  async publish(mode: number): Promise<void> {
    const { path, temporary } = this;
    chmodSync(temporary, mode);
    const { dev, ino } = lstatSync(temporary);
    this.identity = `${dev}:${ino}`;
    if (!this.link()) {
      const unlock = await lockName(path);
      try {
        while (!this.link())
          if (!(await this.removeStale()))
            throw new ExistsError(`listen() of unix:${path}: somebody listens there already, or it is no socket`, {
              resource: `unix:${path}`,
            });
      } finally {
        unlock();
      }
    }
    this.discard();
    removeOld(dirname(path));
  }

  /** Takes the temporary name away. */
  discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Takes the name away, if it is still this socket's. */
  remove(): void {
    try {
      const { dev, ino } = lstatSync(this.path);
      if (`${dev}:${ino}` === this.identity) rmSync(this.path);
    } catch {
      // it is gone already
    }
  }

  /** Whether the socket has its name now; not when that is taken. */
  private link(): boolean {
    try {
      linkSync(this.temporary, this.path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw systemFailure(error, "listen()", `unix:${this.path}`);
    }
  }

  /** Moves away a name behind which nobody listens. */
  private async removeStale(): Promise<boolean> {
    const { path } = this;
    const aside = join(this.folder, "old");
    try {
      if (!lstatSync(path).isSocket() || (await isListening(path))) return false;
      renameSync(path, aside);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return true; // somebody else was faster
      throw new SystemError(`listen() of unix:${path}: ${message}`, { errno: code, cause: error });
    }
    if (await isListening(aside)) {
      linkSync(aside, path); // another one had just put its own there: give it back
      return false;
    }
    rmSync(aside);
    return true;
  }
}

/** Removes what listeners of this user have left that were killed before they had their names. */
function removeOld(parent: string): void {
  try {
    for (const name of readdirSync(parent)) {
      if (!/^\.i-\w{6}$/.test(name)) continue;
      const folder = join(parent, name);
      const { uid, mtimeMs } = lstatSync(folder);
      if (uid === process.getuid?.() && mtimeMs < Date.now() - OLD_MS) rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // a folder that cannot be listed, or where somebody else was faster: the next one looks again
  }
}
