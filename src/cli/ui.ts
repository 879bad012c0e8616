import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InspectorActions, serveInspector } from "../inspector/server.js";
import { removeIfLast, unlinkName } from "../memory/attachments.js";
import { checkName } from "../memory/directory.js";
import { openSegment } from "../memory/segment.js";
import { registry } from "../memory/this-thread.js";
import { sweep } from "../primitives/sweep.js";
import { Failure } from "./failure.js";
import { interruptible } from "./interruption.js";

export interface UiOptions {
  readonly port: number;
  /** Shows the page in the user's browser. */
  readonly open: boolean;
  readonly allowWrite?: boolean;
  readonly showPayloads?: boolean;
  readonly json?: boolean;
}

/** Serves the inspector until it is interrupted. */
export function ui(options: UiOptions): Promise<never> {
  return interruptible((signal) => serve(options, signal));
}

async function serve({ port, open, allowWrite, showPayloads, json }: UiOptions, signal: AbortSignal): Promise<never> {
  const inspector = await serveInspector({
    port,
    showPayloads: showPayloads === true,
    ...(allowWrite && { actions }),
  }).catch((error) => {
    const { code } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new Failure(`port ${port} of 127.0.0.1 cannot be listened at: ${code}`);
  });
  const { url, token } = inspector;
  if (allowWrite)
    process.stderr.write("interproc: --allow-write: whoever has this url can take names away from objects\n");
  if (showPayloads)
    process.stderr.write(
      "interproc: --show-payloads: whoever has this url can read what is in queues, pipes and memory\n",
    );
  process.stdout.write(json ? `${JSON.stringify({ url, token, port: inspector.port })}\n` : `${url}\n`);
  const folder = open ? openBrowser(url) : undefined;
  try {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    throw signal.reason;
  } finally {
    if (folder) rmSync(folder, { recursive: true, force: true });
    await inspector.close();
  }
}

const actions: InspectorActions = {
  gc: () => ({ killed: sweep(true) }),
  unlink: (name) => {
    const home = registry();
    const segment = openSegment(home, join(home.directory, checkName(name, "unlink")), undefined, name);
    try {
      unlinkName(segment);
      removeIfLast(segment);
    } finally {
      segment.unmap();
    }
    return { unlinked: name };
  },
};

/**
 * Shows the page where there is a screen. The url goes through a file that only this user reads: other users see the
 * arguments of a process. Gives the file's folder.
 */
function openBrowser(url: string): string | undefined {
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "interproc-ui-"));
  const file = join(folder, "open.html");
  writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${url}">`, { mode: 0o600 });
  const opener = spawn("xdg-open", [file], { stdio: "ignore", detached: true });
  opener.on("error", () => undefined); // the url stands on the terminal
  opener.unref();
  return folder;
}
