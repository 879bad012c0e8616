import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { DemoResult } from "#src/cli/demo/result.js";
import { type CliRun, childrenOf, cliPath, run, runCli } from "./run-cli.js";
import { TextFolder } from "./text-folder.js";

const files = {
  "one.txt": "The cat and the dog.\n",
  "two.md": "# The dog\n\nÄpfel und äpfel; naïve cafés, 42 times.",
  "deeper/three.txt": "cat\tCAT cat\n",
  "deeper/empty.txt": "",
  "deeper/picture.bin": Uint8Array.of(1, 2, 0, 3, 65, 66),
  ".git/objects": "the the the the",
};
const texts = Object.entries(files).filter(([name]) => /\.(txt|md)$/.test(name));
const textBytes = texts.reduce((sum, [, content]) => sum + Buffer.byteLength(content), 0);
/** What the files above hold, counted by hand. */
const words = { the: 3, cat: 4, and: 1, dog: 2, äpfel: 2, und: 1, naïve: 1, cafés: 1, times: 1 };

const script = ["/usr/bin/script", "/bin/script"].find((path) => existsSync(path));

function document({ stdout }: CliRun): DemoResult {
  return JSON.parse(stdout) as DemoResult;
}

describe("interproc demo", () => {
  test("smoke: counts the words below a folder in two processes and in one, and finds the same", async () => {
    using folder = new TextFolder(files);
    const { code, stdout } = await runCli(["demo", folder.path, "--processes", "2"]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^ +cat +4 /m);
    assert.match(stdout, new RegExp(`^4 text files, ${textBytes} bytes, 16 words, 9 different$`, "m"));
    assert.match(stdout, /^ +2 workers +this process alone$/m);
    assert.match(stdout, /^ +messages\/s +\d/m);
    assert.match(stdout, /^ +not counted: 1 binary file$/m);
    assert.match(stdout, /^equal: /m);
  });

  test("--json prints one document and nothing else", async () => {
    using folder = new TextFolder(files);
    const ran = await runCli(["demo", folder.path, "--processes", "3", "--json"]);
    assert.deepEqual([ran.code, ran.stderr], [0, ""]);
    const result = document(ran);
    assert.deepEqual(Object.fromEntries(result.top.map(({ word, count }) => [word, count])), words);
    assert.deepEqual(
      result.top.map(({ word }) => word),
      ["cat", "the", "dog", "äpfel", "and", "cafés", "naïve", "times", "und"],
    );
    assert.deepEqual([result.folder, result.processes], [folder.path, 3]);
    assert.deepEqual([result.files, result.binaryFiles, result.bytes], [4, 1, textBytes]);
    assert.deepEqual(result.lengths.slice(0, 6), [0, 0, 11, 0, 5, 0]);
    assert.deepEqual(result.comparison, { equal: true, differences: [], changed: [] });
    assert.ok(result.together.messages >= 2 && result.together.seconds > 0 && result.alone.seconds > 0);
  });

  test("where nobody watches there are plain lines: no colours, nothing drawn twice", async () => {
    using folder = new TextFolder(files);
    const { stdout, stderr } = await runCli(["demo", folder.path, "-p", "2"], { CI: "1", NO_COLOR: "" });
    assert.ok(![..."\r\u001b"].some((sign) => (stdout + stderr).includes(sign)), stderr);
    assert.match(stderr, new RegExp(`^2 workers: 5 of 5 files, ${textBytes} bytes, .* messages/s$`, "m"));
    assert.match(stderr, new RegExp(`^alone *: 5 of 5 files, ${textBytes} bytes, `, "m"));
  });

  test("on a terminal there is a bar", { skip: script === undefined && "there is no script(1) here" }, async () => {
    using folder = new TextFolder(files);
    const command = `stty cols 100 && '${process.execPath}' '${cliPath}' demo '${folder.path}' -p 2`;
    const env = { LC_ALL: "C.UTF-8", TERM: "xterm", NO_COLOR: "" };
    const { code, stdout } = await run(script as string, ["-qec", command, "/dev/null"], env);
    assert.equal(code, 0, stdout);
    const shown = stdout.replaceAll("\u001b", "<ESC>");
    assert.match(shown, /\r2 workers {2}.*█.*5 of 5 files.*messages\/s<ESC>\[K/);
    assert.match(shown, /<ESC>\[32mequal/);
  });

  test("links, FIFOs and an empty folder are no obstacle", async () => {
    using folder = new TextFolder({ "a/text.txt": "word", "b/.keep": "" });
    symlinkSync("..", join(folder.path, "a/round"));
    symlinkSync("/nowhere", join(folder.path, "a/broken"));
    execFileSync("mkfifo", [join(folder.path, "b/fifo")]);
    const result = document(await runCli(["demo", folder.path, "-p", "1", "--json"]));
    assert.deepEqual([result.files, result.symbolicLinks, result.specialFiles], [2, 2, 1]);
    assert.deepEqual(result.unreadable, []);
    using empty = new TextFolder();
    const { code, stdout } = await runCli(["demo", empty.path]);
    assert.equal(code, 0);
    assert.match(stdout, /^0 text files, 0 bytes, 0 words/m);
  });

  test("a worker that is killed is told, and the result is whole", async () => {
    using folder = TextFolder.numbered(640);
    const ran = await runCli(["demo", folder.path, "-p", "2", "--json"], {}, async ({ pid }) => {
      const [victim] = await childrenOf(pid as number, 1);
      process.kill(victim, "SIGKILL");
    });
    const { together, comparison, files: counted } = document(ran);
    assert.equal(ran.code, 0);
    assert.deepEqual(
      together.lost.map(({ signal }) => signal),
      ["SIGKILL"],
    );
    assert.deepEqual([counted, comparison.equal], [640, true]);
    assert.ok(together.redelivered <= 1, "a worker has one batch at a time");
  });

  test("files that change between the two runs are named, and both are run once more", async () => {
    using folder = TextFolder.numbered(64);
    const { code, stdout, stderr } = await runCli(["demo", folder.path, "-p", "1"], {}, (child) => {
      const writing = setInterval(() => appendFileSync(join(folder.path, "part-5/file-5.txt"), "more "), 1);
      child.stderr?.on("data", (text: string) => {
        if (text.includes("once more")) clearInterval(writing);
      });
      child.once("exit", () => clearInterval(writing));
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^1 file changed between the two runs, such as part-5\/file-5\.txt: once more$/m);
    assert.match(stdout, /^equal: /m);
  });

  test("SIGINT ends it in order: exit code 130, no result, no worker left", async () => {
    using folder = TextFolder.numbered(640);
    let workers: number[] = [];
    const { code, stdout, stderr } = await runCli(["demo", folder.path, "-p", "2"], {}, async (child) => {
      workers = await childrenOf(child.pid as number, 2);
      child.kill("SIGINT");
    });
    assert.deepEqual([code, stdout], [130, ""], stderr);
    for (const pid of workers) assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  });

  test("a reader that has seen enough is no error", async () => {
    using folder = new TextFolder(files);
    const { stderr } = await runCli(
      ["demo", folder.path, "-p", "1", "--json"],
      {},
      ({ stdout }) => void stdout?.destroy(),
    );
    assert.equal(stderr, "");
  });
});
