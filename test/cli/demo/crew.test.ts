import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { activeChildren } from "interproc";
import { countAlone } from "#src/cli/demo/alone.js";
import { compare } from "#src/cli/demo/compare.js";
import { Crew } from "#src/cli/demo/crew.js";
import { tallyIndex } from "#src/cli/demo/tally.js";
import { Failure } from "#src/cli/failure.js";
import { TextFolder } from "../text-folder.js";
import { answerOnly, countHalf, dieWithFileOpen } from "./dying-workers.js";

const FILES = 640;

async function assertWhole(crew: Crew, folder: string): Promise<void> {
  const alone = await countAlone(folder, () => undefined);
  assert.deepEqual(compare(crew.total, alone), { equal: true, differences: [], changed: [] });
  assert.equal(crew.total.tally[tallyIndex.files], FILES);
  assert.equal(
    crew.total.words.countOf("all"),
    Array.from({ length: FILES }, (_, i) => (i % 40) + 1).reduce((a, b) => a + b),
  );
  assert.equal(crew.total.filesDone, FILES);
  assert.deepEqual(activeChildren(), []);
}

const signals = ({ lost }: Crew) => lost.map(({ signal }) => signal);

/** The worker may have been killed before, without anybody having noticed yet. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ESRCH");
  }
}

describe("the demo's crew of workers", () => {
  test("smoke: three workers count what one process counts", async () => {
    using folder = TextFolder.numbered(FILES);
    const crew = new Crew(folder.path, 3, () => undefined);
    await crew.run();
    await assertWhole(crew, folder.path);
    assert.deepEqual([crew.lost, crew.redelivered], [[], 0]);
    assert.equal(crew.messages, crew.backlog.all.length * 2, "a batch there and an answer back");
  });

  test("a worker killed in the middle costs no file and counts none twice", async () => {
    using folder = TextFolder.numbered(FILES);
    let victim: number | undefined;
    const crew = new Crew(folder.path, 2, () => {
      if (victim !== undefined || crew.total.filesDone === 0) return;
      victim = crew.pids[0];
      kill(victim);
    });
    await crew.run();
    await assertWhole(crew, folder.path);
    assert.deepEqual(
      crew.lost.map(({ pid, signal }) => ({ pid, signal })),
      [{ pid: victim, signal: "SIGKILL" }],
    );
  });

  test("what a killed worker had added and not told is not counted", async () => {
    using folder = new TextFolder({ "texts/one.txt": "one two three", "texts/two.txt": "two three three" });
    const crew = new Crew(join(folder.path, "texts"), 1, () => undefined, countHalf);
    await crew.run();
    assert.deepEqual(signals(crew), ["SIGKILL"]);
    assert.deepEqual([crew.redelivered, crew.messages], [1, 2]);
    assert.deepEqual(
      crew.total.words.top(3).map(({ count }) => count),
      [3, 2, 1],
    );
    assert.deepEqual([...crew.total.tally.subarray(0, 8)], [2, 0, 28, 6, 0, 0, 3, 0]);
  });

  test("a batch that a killed worker had answered and not acknowledged is counted once, whoever has its row by then", async () => {
    using folder = TextFolder.numbered(FILES, "texts");
    const texts = join(folder.path, "texts");
    const crew = new Crew(texts, 1, () => undefined, answerOnly);
    await crew.run();
    await assertWhole(crew, texts);
    assert.deepEqual(signals(crew), ["SIGKILL", "SIGKILL", "SIGKILL"]);
    assert.deepEqual([crew.redelivered, crew.messages], [3, crew.backlog.all.length * 2 + 3]);
  });

  test("the permits of workers killed with a file open come back, also while they count a redelivered batch", async () => {
    using folder = TextFolder.numbered(FILES, "texts");
    const texts = join(folder.path, "texts");
    const crew = new Crew(texts, 1, () => undefined, dieWithFileOpen, 1);
    await crew.run();
    await assertWhole(crew, texts);
    assert.deepEqual(signals(crew), ["SIGKILL", "SIGKILL"]);
    assert.equal(crew.redelivered, 1);
  });

  test("three workers that share one permit for open files count everything", async () => {
    using folder = TextFolder.numbered(FILES);
    const crew = new Crew(folder.path, 3, () => undefined, undefined, 1);
    await crew.run();
    await assertWhole(crew, folder.path);
  });

  test("workers that are killed again and again cost nothing either", async () => {
    using folder = TextFolder.numbered(FILES);
    const processes = 3;
    let kills = 0;
    const crew = new Crew(folder.path, processes, () => {
      if (kills >= 8 || crew.total.filesDone < kills * 60) return;
      kill(crew.pids[kills++ % crew.pids.length]);
    });
    await crew.run();
    await assertWhole(crew, folder.path);
    assert.equal(new Set(crew.lost.map(({ pid }) => pid)).size, crew.lost.length);
    assert.ok(crew.lost.length > 0 && crew.lost.length <= 8, `${crew.lost.length} lost`);
  });

  test("when workers end as fast as they are started, it gives up and says so", async () => {
    using folder = TextFolder.numbered(FILES);
    const crew = new Crew(folder.path, 2, () => undefined);
    const killer = setInterval(() => {
      for (const pid of crew.pids) kill(pid);
    }, 1);
    const given = await crew.run().then(
      () => undefined,
      (error: unknown) => error,
    );
    clearInterval(killer);
    assert.ok(given instanceof Failure, String(given));
    assert.match(
      given.message,
      /^7 workers were lost, the last one by SIGKILL; the oldest batch without an answer begins with part-/,
    );
    assert.deepEqual(activeChildren(), []);
  });

  test("an aborted run ends its workers and rejects with the reason", async () => {
    using folder = TextFolder.numbered(FILES);
    const abort = new AbortController();
    const reason = new Error("enough");
    const crew = new Crew(folder.path, 2, () => {
      if (crew.total.filesDone > 0) abort.abort(reason);
    });
    await assert.rejects(crew.run(abort.signal), reason);
    assert.deepEqual(activeChildren(), []);
    await assert.rejects(new Crew(folder.path, 2, () => undefined).run(abort.signal), reason);
  });

  test("files that vanish are reported, and the rest is counted", async () => {
    using folder = TextFolder.numbered(FILES);
    const crew = new Crew(folder.path, 2, () => undefined);
    await crew.backlog.lookAhead(() => undefined, new AbortController().signal);
    folder[Symbol.dispose]();
    await crew.run();
    assert.equal(crew.total.filesDone, FILES);
    assert.equal(crew.total.tally[tallyIndex.files], 0);
    assert.deepEqual(new Set(crew.total.unreadable.map(({ code }) => code)), new Set(["ENOENT"]));
    assert.equal(crew.total.unreadable.length, FILES);
  });

  test("files that come, go or change between the two runs are named", async () => {
    using folder = TextFolder.numbered(20);
    const crew = new Crew(folder.path, 1, () => undefined);
    await crew.run();
    folder.write("part-3/file-3.txt", "changed");
    folder.write("new.txt", "here");
    rmSync(join(folder.path, "part-5/file-5.txt"));
    const alone = await countAlone(folder.path, () => undefined);
    const { equal, differences, changed } = compare(crew.total, alone);
    assert.equal(equal, false);
    assert.deepEqual([...changed].sort(), ["new.txt", "part-3/file-3.txt", "part-5/file-5.txt"]);
    assert.ok(
      differences.some((line) => /^words: \d+ in the first run, \d+ in the second$/.test(line)),
      differences.join("\n"),
    );
  });
});
