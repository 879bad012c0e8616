import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Queue } from "interproc";
import { programFile } from "../primitives/child-program.js";
import { onTerminal, whyNoTerminal } from "./on-terminal.js";
import { runCli } from "./run-cli.js";

const WATCHDOG = { timeout: 60_000 };
const ESCAPE = "\u001b";

describe("the command line on a terminal", { skip: whyNoTerminal() ?? false }, () => {
  test("smoke: ls is in colour there, and is not with NO_COLOR", WATCHDOG, async () => {
    using _queue = Queue.create("coloured");
    const coloured = onTerminal(["ls"]);
    assert.equal(await coloured.exit, 0);
    assert.ok(coloured.shown().includes(`${ESCAPE}[1mTYPE`));
    const plain = onTerminal(["ls"], { NO_COLOR: "1" });
    await plain.exit;
    assert.ok(!plain.shown().includes(ESCAPE));
  });

  test("ls fits the terminal: long names lose their middle there, and nowhere else", WATCHDOG, async () => {
    const name = `first-${"x".repeat(120)}-last`;
    using _queue = Queue.create(name);
    const listed = onTerminal(["ls"], { NO_COLOR: "1" });
    await listed.exit;
    const lines = listed.shown().split(/\r?\n/);
    assert.ok(
      lines.every((line) => line.length <= 100),
      listed.shown(),
    );
    assert.match(listed.shown(), /first-x+…x*-last/);
    assert.ok((await runCli(["ls"])).stdout.includes(name));
  });

  test("top takes the screen, does what keys say, and gives the screen back with q", WATCHDOG, async () => {
    using alpha = Queue.create<number>("alpha");
    using _beta = Queue.create("beta");
    alpha.tryPut(1);
    const top = onTerminal(["top", "--interval", "100"]);
    await top.until(/sorted by depth[\s\S]*alpha[\s\S]*beta[\s\S]*q end/);
    assert.ok(top.shown().includes(`${ESCAPE}[?1049h`));
    let from = top.shown().length;
    top.type("r");
    await top.until(/sorted by depth, reversed[\s\S]*beta[\s\S]*alpha/, from);
    from = top.shown().length;
    top.type("s");
    await top.until(/sorted by in, reversed/, from);
    top.type("/");
    from = top.shown().length;
    for (const key of "alp") top.type(key);
    await top.until(/\/alp_/, from);
    from = top.shown().length;
    top.type("\r");
    await top.until(/\/alp[^_]*TYPE[\s\S]*alpha/, from);
    assert.ok(!top.shown().slice(from).includes("beta"));
    top.type("q");
    assert.equal(await top.exit, 0);
    assert.ok(top.shown().endsWith(`${ESCAPE}[?25h${ESCAPE}[?1049l`));
  });

  test("Ctrl-C ends top and gives the screen back", WATCHDOG, async () => {
    const top = onTerminal(["top"]);
    await top.until(/q end/);
    top.type("\u0003");
    assert.equal(await top.exit, 0);
    assert.ok(top.shown().endsWith(`${ESCAPE}[?1049l`));
  });

  test("map draws its progress on one line", WATCHDOG, async () => {
    const map = onTerminal(["map", `${programFile("upper-case")}#upperCase`, "-p", "1"]);
    map.type("a\nb\n\u0004");
    assert.equal(await map.exit, 0);
    assert.match(map.shown(), /\{"line":"A"\}/);
    assert.match(map.shown(), /\r2 lines {2}\d+\/s/);
  });
});
