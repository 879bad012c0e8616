import assert from "node:assert/strict";
import { type ChildProcess, spawn as spawnChild } from "node:child_process";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { activeChildren, Lock, type Process, Queue, SharedValue, spawn, Topic } from "interproc";
import { cliPath } from "../cli/run-cli.js";
import { crossing } from "../programs/crossing.js";
import { holdLock } from "../programs/hold-lock.js";
import { axeViolations } from "./axe.js";
import { type Browser, type BrowserPage, launchChromium, whyNoBrowser } from "./launch-chromium.js";

const WATCHDOG = { timeout: 120_000 };
/** Where pictures of the page go, for whoever wants to look at them. */
const pictures = process.env.INTERPROC_SCREENSHOTS ?? join(tmpdir(), "screenshots");
const skip = whyNoBrowser() ?? false;

describe("the inspector's page in Chromium", { skip }, () => {
  let browser: Browser;
  let command: ChildProcess;
  let page: BrowserPage;
  let url = "";
  const complaints: string[] = [];
  const requests: string[] = [];

  before(async () => {
    mkdirSync(pictures, { recursive: true });
    command = spawnChild(process.execPath, [cliPath, "ui", "--no-open", "--allow-write", "--show-payloads"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    url = await new Promise((resolve) => command.stdout?.once("data", (line) => resolve(String(line).trim())));
    browser = await launchChromium();
    page = await browser.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
    await page.setViewportSize({ width: 1280, height: 800 });
  }, WATCHDOG);

  after(async () => {
    await browser?.close();
    command?.kill();
    await Promise.all(activeChildren().map((child) => ended(child)));
  }, WATCHDOG);

  /** Takes pictures of what is shown now and, unless there is too much of the same, has axe look at it, in both themes. */
  const picture = async (name: string, withAxe = true): Promise<void> => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`) });
      if (withAxe) assert.deepEqual(await axeViolations(page), [], `${name}, ${colorScheme}`);
    }
  };
  const rows = (): Promise<string[]> =>
    page.evaluate<string[]>("[...document.querySelectorAll('.objects tbody tr')].map((row) => row.innerText)");
  const there = (text: string) => untilIn(page, `document.body.innerText.includes(${JSON.stringify(text)})`);

  test(
    "smoke: the printed url opens the page, the token leaves the address bar, and nothing is there yet",
    WATCHDOG,
    async () => {
      await page.goto(url);
      await there("There is no object in");
      assert.equal(page.url(), url.split("#")[0]);
      await page.waitForSelector(".link.live");
      await picture("empty");
    },
  );

  test("the page lives on after a reload, without the token", WATCHDOG, async () => {
    await page.reload();
    await page.waitForSelector(".link.live");
  });

  test("without the token it says what to do and shows nothing", WATCHDOG, async () => {
    const other = await launchChromium();
    const stranger = await other.newPage();
    await stranger.goto(url.split("#")[0]);
    await untilIn(stranger, "document.body.innerText.includes('not allowed')");
    await stranger.goto(`${url.split("#")[0]}#token=wrong`);
    await other.close();
  });

  test("objects appear, move and go by themselves", WATCHDOG, async () => {
    const jobs = Queue.create<string>("jobs");
    using mail = Topic.create<number>("mail");
    using subscription = mail.subscribe();
    using _count = SharedValue.create("count", "i32", 41);
    let puts = 0;
    const traffic = setInterval(() => {
      jobs.tryPut(`job ${puts++}`);
      if (puts % 3 !== 0) jobs.tryGet();
      mail.tryPublish(puts);
      subscription.tryGet();
    }, 5);
    await untilIn(page, "document.querySelectorAll('.objects tbody tr').length === 3");
    // a depth and a rate were told twice, so that charts have a line
    await untilIn(
      page,
      "Number([...document.querySelectorAll('.objects tbody tr')].find((row) => row.innerText.includes('jobs')).cells[4].innerText.replaceAll(',', '')) > 0",
    );
    const before = Number(
      (await rows())
        .find((row) => row.includes("jobs"))
        ?.split("\t")[3]
        .replaceAll(",", ""),
    );
    await untilIn(
      page,
      `Number([...document.querySelectorAll('.objects tbody tr')].find((row) => row.innerText.includes('jobs')).cells[3].innerText.replaceAll(',', '')) > ${before}`,
    );
    await picture("busy");
    await page.click("a:text('jobs')");
    await there("Throughput, a second");
    assert.match((await page.textContent("dl")) ?? "", /Ready/);
    await there("What is taken next.");
    assert.match((await page.textContent(".payload pre")) ?? "", /^"job \d+"$/);
    await picture("object");
    clearInterval(traffic);
    jobs.close();
    await there("This object is gone.");
    await page.keyboard.press("Escape");
    await untilIn(page, "document.querySelectorAll('.objects tbody tr').length === 2");
  });

  test("search, order and keys choose what is seen", WATCHDOG, async () => {
    using a = Queue.create<number>("alpha");
    using b = Queue.create<number>("beta");
    a.putManySync([1, 2, 3]);
    b.tryPut(1);
    await untilIn(
      page,
      "[...document.querySelectorAll('.objects tbody tr a')].map((a) => a.innerText).join() === 'alpha,beta'",
    );
    await page.click("th button:text('Depth')");
    await untilIn(page, "document.querySelector('.objects tbody tr').innerText.includes('beta')");
    assert.equal(await page.evaluate("document.querySelectorAll('th')[3].getAttribute('aria-sort')"), "ascending");
    await page.keyboard.press("/");
    await page.fill("#search", "alp");
    await untilIn(page, "document.querySelectorAll('.objects tbody tr').length === 1");
    await page.keyboard.press("Escape");
    await untilIn(page, "document.querySelectorAll('.objects tbody tr').length === 2");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await untilIn(page, "document.querySelector('tr.selected')?.innerText.includes('alpha')");
    await page.keyboard.press("Enter");
    await there("← all objects");
    await page.keyboard.press("3");
    await untilIn(page, `document.querySelector('.processes tbody').innerText.includes('${process.pid}')`);
    await picture("processes");
    await page.fill("#search", "no such process");
    await there("No process is like");
    await page.keyboard.press("Escape");
    await page.keyboard.press("1");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog");
    await picture("keys");
    await page.keyboard.press("Escape");
    await untilIn(page, "document.querySelector('dialog') === null");
    await page.keyboard.press("t");
    await untilIn(page, "document.documentElement.dataset.theme === 'dark'");
    await page.keyboard.press("t");
    await page.keyboard.press("t");
    await untilIn(page, "document.documentElement.dataset.theme === 'auto'");
    await page.click("th button:text('Depth')");
  });

  test("a deadlock is named, and drawn as a circle", WATCHDOG, async () => {
    const locks = ["red", "green", "blue"].map((name) => Lock.create(name));
    using here = SharedValue.create("here", "i32");
    const children = locks.map((lock, index) =>
      spawn(crossing, [lock, locks[(index + 1) % 3], here, 3, true], { name: `party-${index}` }),
    );
    await untilIn(page, "document.querySelector('.attention .bad')?.innerText.startsWith('Deadlock')");
    await picture("deadlocked-objects");
    await page.keyboard.press("3");
    await untilIn(page, "document.querySelectorAll('.state.blocked').length === 3");
    const tasks = "[...document.querySelectorAll('.processes td.task')].map((cell) => cell.innerText).join()";
    await untilIn(page, `${tasks}.split('crossing').length === 4`);
    await picture("deadlocked-processes");
    await page.keyboard.press("2");
    await untilIn(page, "document.querySelectorAll('svg .node.bad').length === 6");
    assert.match((await page.textContent("[role=alert]")) ?? "", /has Lock "\w+" and waits for Lock "\w+"/);
    await picture("deadlocked");
    await page.setViewportSize({ width: 420, height: 800 });
    await picture("deadlocked-small");
    assert.ok(
      await page.evaluate("document.querySelector('.graph svg').getBoundingClientRect().right <= innerWidth"),
      "the graph fits a small window",
    );
    await page.keyboard.press("1");
    await page.waitForSelector(".objects");
    await picture("objects-small");
    assert.ok(
      await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
      "nothing sticks out of a small window",
    );
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.keyboard.press("2");
    await Promise.all(children.map((child) => ended(child)));
    await there("No thread waits for anything.");
    for (const lock of locks) lock.close();
    await page.keyboard.press("1");
  });

  test("abandoned locks and slow consumers are told above the table, and lead to the object", WATCHDOG, async () => {
    using lock = Lock.create("widowed");
    using state = new SharedValue("i32");
    const holder = spawn(holdLock, [lock, state]);
    await state.waitUntil((value) => value === 1);
    await ended(holder);
    using queue = Queue.create<string>("overfull", { capacity: 4096 });
    while (queue.tryPut("x".repeat(100)));
    const matters = "[...document.querySelectorAll('.attention li')].map((one) => one.innerText).join('|')";
    await untilIn(page, `/Abandoned\\s+widowed: its holder died/.test(${matters})`);
    await untilIn(page, `/Slow consumer\\s+overfull: it is full/.test(${matters})`);
    await picture("attention");
    await page.click(".attention a:text('overfull')");
    await untilIn(page, "document.querySelector('h2')?.innerText === 'Queue overfull'");
    await page.keyboard.press("Escape");
  });

  test("messages are text, whatever is in them, and another look shows newer ones", WATCHDOG, async () => {
    using queue = Queue.create<unknown>("letters");
    queue.tryPut({ html: "<img src=x onerror=document.title='owned'>" });
    await page.click("a:text('letters')");
    await untilIn(page, "document.querySelectorAll('.payload pre').length === 1");
    assert.match((await page.textContent(".payload pre")) ?? "", /^\{ html: "<img src=x onerror/);
    assert.equal(await page.evaluate("document.querySelectorAll('img').length"), 0);
    queue.tryPut("second");
    await page.click("button:text('Look again')");
    await untilIn(page, "document.querySelectorAll('.payload pre').length === 2");
    await picture("payload");
    await page.keyboard.press("Escape");
  });

  test("a name is taken away by its button", WATCHDOG, async () => {
    using _queue = Queue.create("to-unlink", { persist: true });
    await page.click("a:text('to-unlink')");
    await page.click("button:text('Take its name away')");
    await untilIn(page, "!document.querySelector('h2').innerText.includes('to-unlink')");
    assert.throws(() => Queue.open("to-unlink"), { code: "ERR_INTERPROC_NOT_FOUND" });
    await page.keyboard.press("1");
  });

  test("a name with markup in it is text", WATCHDOG, async () => {
    using _queue = Queue.create("<img src=x onerror=document.title='owned'>");
    await there("<img src=x onerror");
    assert.equal(await page.evaluate("document.title"), "interproc");
    assert.equal(await page.evaluate("document.querySelectorAll('img').length"), 0);
  });

  test("a thousand objects are shown, searched and ordered", WATCHDOG, async () => {
    const values = Array.from({ length: 1000 }, (_, i) =>
      SharedValue.create(`value-${i}`, "i32", i, { maxAttached: 4 }),
    );
    await untilIn(page, "document.querySelectorAll('.objects tbody tr').length === 1000");
    await picture("thousand", false);
    await page.fill("#search", "value-77");
    await untilIn(page, "document.querySelectorAll('.objects tbody tr').length === 11");
    await page.keyboard.press("Escape");
    for (const value of values) value.close();
    await there("There is no object in");
  });

  test("the page has complained of nothing, and asked nobody else", WATCHDOG, () => {
    assert.deepEqual(complaints, []);
    const origin = url.split("/#")[0];
    assert.deepEqual(
      requests.filter((one) => !one.startsWith(origin)),
      [],
    );
  });

  test("the end of the command is told", WATCHDOG, async () => {
    command.kill();
    await there("the command has ended");
  });
});

/** Asks the page again and again: its policy lets nobody wait in it by a script made of text. */
async function untilIn(page: BrowserPage, condition: string): Promise<void> {
  while (!(await page.evaluate<boolean>(condition))) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function ended(child: Process<unknown>): Promise<void> {
  child.kill();
  await child.join();
}
