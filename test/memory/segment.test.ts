import assert from "node:assert/strict";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { join as attach, leave, removeIfLast } from "#src/memory/attachments.js";
import { checkName } from "#src/memory/directory.js";
import { attachmentEntry, objectHeader } from "#src/memory/object.layout.js";
import { openSegment, type Segment } from "#src/memory/segment.js";
import { registry } from "#src/memory/this-thread.js";
import { sweep } from "#src/primitives/sweep.js";
import { ChildProgram } from "../primitives/child-program.js";
import { chooseSeed, SeededRandom } from "../rings/seeded-random.js";
import { isWhole, makeValue } from "./make-value.js";
import { openDescriptors } from "./open-descriptors.js";
import { OwnDirectory } from "./own-directory.js";
import { Party } from "./party.js";
import { needsRoot } from "./processes.js";
import { runProgram } from "./run-program.js";

const timeout = 150_000;
const isFull = process.env.INTERPROC_TEST === "full";

describe("segment", { timeout }, () => {
  test("smoke: an object is made whole under its name, opened by it, and goes with its last holder", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const made = makeValue(home, { name: "it", block: 8192 });
    const opened = openSegment(home, join(own.path, "it"), "value", "it");
    assert.deepEqual(
      [
        opened.kind,
        opened.name,
        opened.id,
        opened.inode,
        opened.maxAttached,
        opened.detail,
        opened.persists,
        opened.isNamed,
      ],
      ["value", "it", made.id, made.inode, 4, 1, false, true],
    );
    assert.deepEqual(made.find(), { path: join(own.path, "it"), links: 1 });
    new Int32Array(made.data as ArrayBuffer)[5] = 9;
    assert.equal(new Int32Array(opened.data as ArrayBuffer)[5], 9);
    assert.ok(isWhole(opened));
    const index = attach(opened);
    leave(made, 0);
    assert.ok(existsSync(join(own.path, "it")));
    leave(opened, index);
    assert.deepEqual(own.objects(), []);
  });

  test("an object without a name goes by its identity, and every file has mode 0600 and its whole size", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    for (const name of [undefined, "named"]) {
      const before = process.umask(0o077);
      const made = makeValue(home, { name, rings: [4096, 8192] });
      process.umask(before);
      assert.equal(made.path, name ? join(own.path, name) : join(own.path, ".anonymous", made.id));
      const { mode, size, blocks } = statSync(made.path);
      assert.deepEqual([mode, size], [0o100600, made.fileBytes]);
      assert.equal(blocks * 512, Math.ceil(size / 4096) * 4096, "its memory is reserved");
      assert.equal((made.data as ArrayBuffer).byteLength, 2 * (4096 + 8192), "rings are mapped twice in a row");
      leave(made, 0);
    }
    assert.deepEqual(own.objects(), []);
  });

  test("names are 1 to 200 bytes without a slash, a NUL or a leading dot", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    for (const name of ["a", "a:b", "ü ñ", "…", "-", "a.b", "a\\b", "a\nb", "%00", "x".repeat(200), "ü".repeat(100)]) {
      assert.equal(checkName(name, "open"), name);
      const made = makeValue(home, { name });
      assert.equal(openSegment(home, join(own.path, name), "value", name).name, name);
      leave(made, 0);
    }
    for (const name of [
      "",
      "x".repeat(201),
      "ü".repeat(101),
      "/",
      "a/b",
      "/a",
      "a\0b",
      "\0",
      ".",
      "..",
      ".a",
      ".registry",
      7,
      null,
    ])
      assert.throws(() => checkName(name, "value: open"), {
        code: "ERR_INTERPROC_USAGE",
        message: /^value: open: the name .*; allowed: 1 to 200 bytes without a slash, a NUL or a leading dot$/s,
      });
  });

  test("a taken name is an ExistsError, a name that is not there a NotFoundError, another kind a MismatchError", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const made = makeValue(home, { name: "it" });
    assert.throws(() => makeValue(home, { name: "it" }), {
      code: "ERR_INTERPROC_EXISTS",
      resource: "it",
      message: 'value "it": create, and the name is taken (open or openOrCreate takes what is there)',
    });
    assert.throws(() => openSegment(home, join(own.path, "other"), "value", "other"), {
      code: "ERR_INTERPROC_NOT_FOUND",
      resource: "other",
      message: `value "other": open, and there is none in ${own.path}`,
    });
    assert.throws(() => openSegment(home, join(own.path, "it"), "queue", "it"), {
      code: "ERR_INTERPROC_MISMATCH",
      message: 'queue "it": open, and it is a value',
    });
    leave(made, 0);
  });

  test("a foreign, byte-swapped or newer file, a folder and a link are refused and stay as they are", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const made = makeValue(home, { name: "it" });
    const whole = readFileSync(made.path);
    const path = join(own.path, "other");
    const { offset } = objectHeader;
    const changed = (at: number, word: number): Buffer => {
      const bytes = Buffer.from(whole);
      bytes.writeUInt32LE(word, at);
      return bytes;
    };
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from("a note of mine\n"),
      Buffer.alloc(whole.length),
      Buffer.from(whole).swap32(),
      changed(offset.version, 2),
      changed(offset.version, 0),
    ]) {
      writeFileSync(path, bytes, { mode: 0o600 });
      const descriptors = openDescriptors();
      assert.throws(() => openSegment(home, path, "value", "other"), {
        code: "ERR_INTERPROC_MISMATCH",
        resource: "other",
      });
      assert.ok(readFileSync(path).equals(bytes));
      assert.equal(openDescriptors(), descriptors);
    }
    rmSync(path);
    mkdirSync(path);
    assert.throws(() => openSegment(home, path, "value", "other"), { code: "ERR_INTERPROC_SYSTEM", errno: "EISDIR" });
    rmSync(path, { recursive: true });
    symlinkSync(made.path, path);
    assert.throws(() => openSegment(home, path, "value", "other"), { code: "ERR_INTERPROC_SYSTEM", errno: "ELOOP" });
    rmSync(path);
    leave(made, 0);
  });

  test("another user's file is a MismatchError", { skip: needsRoot }, async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const made = makeValue(home, { name: "it" });
    const { chownSync } = await import("node:fs");
    chownSync(made.path, 12_345, 12_345);
    assert.throws(() => openSegment(home, made.path, "value", "it"), {
      code: "ERR_INTERPROC_MISMATCH",
      message: /not a regular file of this user/,
    });
    leave(made, 0);
  });

  test("a file cut short or grown anywhere is a MismatchError and never a crash", () => {
    using own = new OwnDirectory();
    const home = own.attach();
    for (const spec of [
      {},
      { block: 8192 },
      { kind: "pipe", maxAttached: 2, detail: 4096, rings: [4096, 4096] },
    ] as const) {
      const made = makeValue(home, { name: "it", ...spec });
      copyFileSync(made.path, join(own.path, "copy"));
      for (let bytes = made.fileBytes + 4096 * 3; bytes >= 0; bytes -= 61) {
        truncateSync(join(own.path, "copy"), bytes);
        try {
          const opened = openSegment(home, join(own.path, "copy"), made.kind, "copy");
          assert.ok(
            bytes >= made.fileBytes || (made.kind === "value" && "block" in spec && bytes > made.fileBytes - 8192),
            `${bytes}`,
          );
          opened.unmap();
        } catch (error) {
          assert.equal((error as { code?: string }).code, "ERR_INTERPROC_MISMATCH", `${bytes}: ${error}`);
        }
      }
      leave(made, 0);
      made.unmap();
      rmSync(join(own.path, "copy"));
    }
  });

  test("a header with any bytes in it is a MismatchError or fine, and never a crash or a hang", async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const rounds = isFull ? 100_000 : 15_000;
    const outcomes: Record<string, number> = { fine: 0 };
    const kinds = [{}, { block: 4096 }, { kind: "pipe", maxAttached: 2, detail: 4096, rings: [4096, 4096] }] as const;
    for (const spec of kinds) {
      const made = makeValue(home, { name: "it", ...spec });
      const whole = readFileSync(made.path);
      leave(made, 0);
      const path = join(own.path, "mutant");
      let fd = openSync(path, "w+", 0o600);
      writeSync(fd, whole);
      const head = new Uint8Array(whole.buffer, whole.byteOffset, objectHeader.bytes + attachmentEntry.bytes * 2);
      for (let round = 0; round < rounds / kinds.length; round++) {
        const mutant = mutate(head, random);
        writeSync(fd, mutant, 0, mutant.length, 0);
        const outcome = useMutant(() => openSegment(home, path, random.below(2) ? made.kind : undefined, "mutant"));
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        assert.match(
          outcome,
          /^(fine|ERR_INTERPROC_(MISMATCH|SYSTEM (EAGAIN|EBUSY)))$/,
          `seed ${seed}, round ${round}`,
        );
        if (!existsSync(path)) {
          closeSync(fd);
          fd = openSync(path, "w+", 0o600);
          writeSync(fd, whole);
        }
        if (round % 200 === 0) await turn(); // mappings go between two turns of the loop
      }
      closeSync(fd);
      rmSync(path);
    }
    assert.ok(outcomes.fine > 100 && outcomes.ERR_INTERPROC_MISMATCH > 100, JSON.stringify(outcomes));
    assert.deepEqual(own.objects(), []);
  });

  test("a maker that is killed while it initialises leaves nothing at all", async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const before = own.list();
    const party = Party.process();
    await party.order("attach");
    party.order("dieInitialising").catch(() => undefined);
    assert.equal(await party.over, "SIGKILL");
    const left = own.list().filter((name) => !before.includes(name));
    assert.equal(left.length, 1, "its FIFO");
    assert.match(left[0], /^\.parkers\//);
    assert.equal(home.killed().length, 1);
  });

  test("a maker killed before or after any kernel call leaves a whole object or none, and the sweep takes that too", async () => {
    const home = registry();
    const path = join(home.directory, "it");
    let points = 0;
    let whole = 0;
    for (; ; points++) {
      const { code, output } = await runProgram(["memory-die-at", "create", points]);
      if (existsSync(path)) {
        whole++;
        const opened = openSegment(home, path, "value", "it");
        assert.ok(isWhole(opened), `call ${points}`);
        opened.unmap();
      }
      sweep();
      assert.ok(!existsSync(path), `call ${points}`);
      if (output === "done") break;
      assert.equal(code, "SIGKILL");
    }
    assert.ok(points >= 10 && whole >= 2, `${points} points, ${whole} times an object`);
  });

  test("while others make, leave, unname and are killed at random moments, nobody ever opens a half-made object", async () => {
    using own = new OwnDirectory();
    const home = own.attach();
    const kills = isFull ? 150 : 25;
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    let killed = 0;
    let opened = 0;
    const keepKilling = async (): Promise<void> => {
      while (killed++ < kills) {
        const child = ChildProgram.node("memory-churn", "1e9", `${random.word()}`, "unlink");
        assert.equal(await child.line(), "begun", `seed ${seed}`);
        const until = performance.now() + random.below(10);
        for (let looks = 0; looks < 4 || performance.now() < until; looks++) {
          try {
            const name = random.pick(["a", "b", "c"]);
            const found = openSegment(home, join(own.path, name), "value", name);
            assert.ok(isWhole(found), `seed ${seed}`);
            found.unmap();
            opened++;
          } catch (error) {
            if ((error as { code?: string }).code !== "ERR_INTERPROC_NOT_FOUND") throw error;
          }
          await sleep(1);
        }
        await child.kill();
      }
    };
    await Promise.all([keepKilling(), keepKilling()]);
    assert.ok(opened > kills / 2, `${opened} opened`);
    assert.equal((await runProgram(["memory-churn", 0, 1])).code, 0);
    assert.deepEqual(own.objects(), [], "one sweep takes all that they left");
  });

  test("memory that is used up is a SystemError that says how much and what to do, and nothing is left", {
    skip: needsRoot,
  }, async () => {
    using own = new OwnDirectory();
    const { output } = await runProgram(["memory-fill"], { through: inMemoryOf("1m", own.path) });
    const { made, error, free, again, freeAgain, names, afterwards } = JSON.parse(output);
    assert.ok(made >= 2, output);
    assert.deepEqual([error.code, error.errno, error.retryable], ["ERR_INTERPROC_SYSTEM", "ENOSPC", true]);
    const wanted = /^value "filler \d+": create: ENOSPC, ([\d,]+) bytes wanted, ([\d,]+) free in (.*) \((.*)\)$/.exec(
      error.message,
    );
    assert.ok(wanted, error.message);
    assert.ok(Number(wanted[1].replaceAll(",", "")) > 65_536);
    assert.deepEqual([Number(wanted[2].replaceAll(",", "")), wanted[3]], [free, own.path]);
    assert.equal(wanted[4], "in a container: a larger --shm-size, or INTERPROC_DIR elsewhere");
    assert.deepEqual([again.errno, freeAgain], ["ENOSPC", free], "a try in vain takes nothing");
    assert.equal(names, made + 6, "the objects, the registry and its folders");
    assert.equal(afterwards, "fits");
  });

  test("memory that does not even hold the registry is such an error, too", { skip: needsRoot }, async () => {
    using own = new OwnDirectory();
    const { output } = await runProgram(["memory-fill"], { through: inMemoryOf("256k", own.path) });
    const { error, left } = JSON.parse(output);
    assert.match(error.message, /^the registry: ENOSPC, [\d,]+ bytes wanted, [\d,]+ free in .*--shm-size/);
    assert.deepEqual([error.errno, left], ["ENOSPC", []]);
  });

  for (const what of ["attach", "create", "open", "sweep", "pipe", "share"])
    test(`without descriptors left, ${what} is a SystemError each time until there are enough, and leaks none`, async () => {
      using own = new OwnDirectory();
      own.attach();
      const alive = Party.process();
      await alive.order("keepLifeLine");
      if (what === "sweep") {
        const litterer = Party.process();
        await litterer.order("create", "litter");
        await litterer.kill();
      }
      const { output, code } = await runProgram(["memory-few-descriptors", what], {
        through: ["sh", "-c", 'ulimit -n 512; exec "$@"', "sh"],
      });
      assert.equal(code, 0);
      const outcomes = JSON.parse(output);
      const refusals = outcomes.slice(0, -1);
      assert.equal(outcomes.at(-1), "done", output);
      assert.ok(refusals.length >= 1, output);
      for (const { name, errno, retryable } of refusals)
        if (what !== "sweep") assert.deepEqual([name, errno, retryable], ["SystemError", "EMFILE", true]);
        else assert.match(String(errno), /^(EMFILE|-24)$/);
      assert.equal(
        own.list().filter((name) => name.startsWith(".lives/")).length,
        1,
        "a living process's life line stays",
      );
      await alive.end();
      assert.deepEqual(own.objects(), []);
    });
});

/** A few bytes changed to something that bytes in a header like to be. */
function mutate(whole: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = Uint8Array.from(whole);
  const words = new Uint32Array(bytes.buffer);
  for (let hits = 1 + random.below(4); hits > 0; hits--) {
    const word = random.below(words.length);
    const old = words[word];
    words[word] = random.pick([
      ...[0, 1, 2, 3, 255, 4095, 4096, 4097, 8192, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff],
      ...[old + 1, old - 1, old << 1, old >>> 1, ~old, old ^ (1 << random.below(32)), random.word()],
    ]);
  }
  return bytes;
}

/** Opens a mutant and works with what opens; gives how that ended. */
function useMutant(open: () => Segment): string {
  let segment: Segment;
  try {
    segment = open();
  } catch (error) {
    return String((error as { code?: string }).code);
  }
  try {
    new Uint8Array(segment.control).at(-1);
    if (segment.data) new Uint8Array(segment.data).at(-1);
    const index = attach(segment);
    if (index >= 0) leave(segment, index);
    else removeIfLast(segment);
    return "fine";
  } catch (error) {
    const { code, errno } = error as { code?: string; errno?: string };
    return `${code} ${errno}`;
  } finally {
    segment.unmap();
  }
}

/** The command by which a program has a small memory of its own at `path`; it goes with the program. */
const inMemoryOf = (size: string, path: string): string[] => [
  ...["unshare", "--mount", "sh", "-c"],
  `mount -t tmpfs -o size=${size},mode=700 tmpfs "$0" && exec "$@"`,
  path,
];
