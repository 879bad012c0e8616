import { mkdtempSync, rmSync } from "node:fs";
import { directoryPath } from "#src/memory/directory.js";

/** A folder where shared objects may live, as the test run's own may. */
export class OwnDirectory implements Disposable {
  readonly path = mkdtempSync(`${directoryPath()}-own-`);

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
