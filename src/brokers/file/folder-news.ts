import { type FSWatcher, watch } from "node:fs";

/**
 * Tells when something has happened in a folder, as the kernel tells it (inotify). Notices can be missing (network file
 * systems, no watch left): whoever waits also looks by himself every so often.
 */
export class FolderNews {
  /** So often whoever waits looks by himself. */
  static readonly lookEveryMs = 250;
  private readonly listeners = new Set<() => void>();
  private watcher: FSWatcher | undefined;

  constructor(private readonly folder: string) {}

  join(listener: () => void): void {
    this.listeners.add(listener);
    try {
      this.watcher ??= watch(this.folder, { persistent: false }, () => {
        for (const one of [...this.listeners]) one();
      }).on("error", () => undefined);
    } catch {
      // without notices the looks are enough
    }
  }

  leave(listener: () => void): void {
    this.listeners.delete(listener);
  }

  close(): void {
    this.watcher?.close();
    this.listeners.clear();
  }
}
