import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, test } from "node:test";
import { testProgramsOf } from "./page-programs.js";
import { projectRoot } from "./project-root.js";
import { snippetsIn } from "./snippets.js";
import { filesBelow, read } from "./source-tree.js";

/** Prints what Python has: the names of modules and the public members of classes. */
const publicNames = `
import multiprocessing as m, mmap, queue
from multiprocessing import connection, managers, pool, shared_memory, sharedctypes, synchronize
names = [n for module in (m, connection, managers, pool, shared_memory, sharedctypes, queue) for n in module.__all__]
classes = [m.Process, connection.Connection, connection.Listener, type(m.JoinableQueue()), type(m.SimpleQueue()),
  synchronize.Semaphore, synchronize.Condition, synchronize.Event, synchronize.Barrier, shared_memory.SharedMemory,
  shared_memory.ShareableList, pool.Pool, pool.AsyncResult, pool.IMapIterator, managers.SyncManager, mmap.mmap,
  queue.Queue, sharedctypes.SynchronizedArray, sharedctypes.Synchronized]
names += [n for c in classes for n in dir(c) if not n.startswith("_")]
print(*sorted(set(names)))
`;

const proseOf = (page: string): string => page.replace(/```[\s\S]*?```/g, "");

describe("documentation", () => {
  testProgramsOf(["README.md", "docs/errors.md", "docs/tutorial.md"]);

  test("a page's programs and what they print are found", () => {
    const page = [
      "```ts",
      "a();",
      "```",
      "",
      "```text",
      "1",
      "2",
      "```",
      "```ts no-run needs=python3",
      "b();",
      "```",
      "so",
      "```text",
      "```",
    ];
    assert.deepEqual(snippetsIn(page.join("\n")), [
      { line: 1, code: "a();", isRun: true, needs: undefined, prints: "1\n2" },
      { line: 9, code: "b();", isRun: false, needs: "python3", prints: undefined },
    ]);
  });

  test("the page on porting names every public name of Python's multiprocessing and of its classes", (context) => {
    const { error, stdout } = spawnSync("python3", ["-c", publicNames], { encoding: "utf8" });
    if (error) return context.diagnostic("there is no python3");
    const names = stdout.trim().split(/\s+/);
    assert.ok(names.length > 100, stdout);
    const prose = proseOf(read("docs/guide/from-multiprocessing.md"));
    const code = [...prose.matchAll(/`([^`]+)`/g)].map(([, text]) => text);
    const known = new Set(code.flatMap((text) => text.split(/\W+/)));
    assert.deepEqual(
      names.filter((name) => !known.has(name)),
      [],
    );
  });

  test("every relative link in a page leads to a file", () => {
    const broken = filesBelow(".", /\.md$/).flatMap((page) =>
      [...proseOf(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target.split("#")[0])
        .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(join(projectRoot, posix.join(dirname(page), target))))
        .map((target) => `${page}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });
});
