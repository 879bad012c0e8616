import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../project-root.js";
import { installPackages } from "../runtimes/install-packages.js";

const folder = "test/browser/driver";
const candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = candidates.find((path) => existsSync(path));

/** As much of playwright's page as the tests use. */
export interface Page {
  evaluate<A, R>(run: (argument: A) => R | Promise<R>, argument?: A): Promise<R>;
  close(): Promise<void>;
}

interface Browser {
  newPage(): Promise<Page & { goto(url: string): Promise<unknown> }>;
  close(): Promise<void>;
  version(): string;
}

/** Why no test can run in a real browser here, if none can. */
export function whyNoBrowser(): string | false {
  return executablePath === undefined && "there is no chromium; on Debian: apt-get install chromium";
}

/** A Chromium, and a server whose pages have the package's bundle at `/interproc.mjs`, as it is built. */
export class Chromium {
  private constructor(
    private readonly browser: Browser,
    private readonly server: Server,
  ) {}

  static async start(): Promise<Chromium> {
    installPackages(folder);
    const entry = join(projectRoot, folder, "node_modules/playwright-core/index.mjs");
    const { chromium } = (await import(pathToFileURL(entry).href)) as {
      chromium: { launch(options: object): Promise<Browser> };
    };
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
    const server = createServer(async ({ url }, response) => {
      if (url !== "/interproc.mjs") return response.setHeader("content-type", "text/html").end("<!doctype html>");
      const bundle = await readFile(join(projectRoot, "dist/browser/interproc.mjs"));
      return response.setHeader("content-type", "text/javascript").end(bundle);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Chromium(browser, server);
  }

  /** Where its pages come from. */
  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  /** A fresh page of that origin. */
  async page(): Promise<Page> {
    const page = await this.browser.newPage();
    await page.goto(this.origin);
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    this.server.close();
    this.server.closeAllConnections();
  }
}
