import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { projectRoot } from "../project-root.js";
import { installPackages } from "../runtimes/install-packages.js";

/** What the tests need of a page, as playwright-core has it. */
export interface BrowserPage {
  goto(url: string): Promise<unknown>;
  url(): string;
  reload(): Promise<unknown>;
  waitForSelector(selector: string): Promise<unknown>;
  textContent(selector: string): Promise<string | null>;
  evaluate<R>(expression: string): Promise<R>;
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  screenshot(options: { path: string; fullPage?: boolean }): Promise<unknown>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  emulateMedia(options: { colorScheme: "dark" | "light" }): Promise<void>;
  readonly keyboard: { press(key: string): Promise<void> };
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): unknown;
  on(event: "pageerror", listener: (error: Error) => void): unknown;
  on(event: "request", listener: (request: { url(): string }) => void): unknown;
  close(): Promise<void>;
}

export interface Browser {
  newPage(): Promise<BrowserPage>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: { launch(options: { executablePath: string; args: string[] }): Promise<Browser> };
}

/** The machine's Chromium, if it has one. */
const executable = (): string | undefined => {
  const named = process.env.INTERPROC_CHROMIUM;
  if (named) return named;
  const { stdout, status } = spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
};

/** Why there is no browser to test in, if there is none. */
export const whyNoBrowser = (): string | undefined =>
  executable() === undefined
    ? "there is no chromium (apt-get install chromium, or INTERPROC_CHROMIUM=PATH)"
    : undefined;

/** Starts it, driven by the package in `test/browser/driver`, which is installed when it is missing. */
export function launchChromium(): Promise<Browser> {
  installPackages("test/browser/driver");
  const { chromium } = createRequire(join(projectRoot, "test/browser/driver/package.json"))(
    "playwright-core",
  ) as Playwright;
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: executable() as string, args: [...args, "--disable-dev-shm-usage"] });
}
