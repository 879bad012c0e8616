import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { advise } from "#src/cli/bench/advise.js";
import { reportPage } from "#src/cli/bench/report/report-page.js";
import { madeResults } from "../cli/bench/made-results.js";
import { launchChromium, whyNoBrowser } from "./launch-chromium.js";

const WATCHDOG = { timeout: 120_000 };
const pictures = process.env.INTERPROC_SCREENSHOTS ?? join(tmpdir(), "screenshots");

describe("the report of interproc bench in Chromium", { skip: whyNoBrowser() ?? false, ...WATCHDOG }, () => {
  test("smoke: draws its charts in both themes, within a small window, asking nobody and complaining of nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-report-"));
    const file = join(folder, "report.html");
    const results = madeResults();
    writeFileSync(file, reportPage(results, advise(results, [64, 1024], undefined)));
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      const requests: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("request", (request) => requests.push(request.url()));
      await page.setViewportSize({ width: 420, height: 800 });
      await page.goto(pathToFileURL(file).href);
      mkdirSync(pictures, { recursive: true });
      const colors: string[] = [];
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        colors.push(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
        await page.screenshot({ path: join(pictures, `bench-report-${colorScheme}.png`), fullPage: true });
      }
      assert.deepEqual(colors, ["rgb(255, 255, 255)", "rgb(20, 24, 29)"]);
      const drawn = "[...document.querySelectorAll('rect.bar')].filter((bar) => bar.getBoundingClientRect().width > 0)";
      assert.equal(await page.evaluate(`${drawn}.length`), 12);
      const fill = await page.evaluate<string>("getComputedStyle(document.querySelector('rect.bar')).fill");
      assert.equal(fill, "rgb(110, 168, 254)", "the policy lets the page's style in");
      assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out");
      assert.deepEqual([complaints, requests], [[], [pathToFileURL(file).href]]);
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  });
});
