import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { describe, test } from "node:test";
import { directoryPath } from "#src/memory/directory.js";
import { ownerWord, SLOTS } from "#src/memory/owner.js";
import { Registry } from "#src/memory/registry.js";
import {
  GATE_BYTE,
  REGISTRY_BYTES,
  REGISTRY_MAGIC,
  REGISTRY_VERSION,
  registryHeader,
} from "#src/memory/registry.layout.js";
import { addon } from "#src/native/addon.js";
import { comeAndGo } from "./come-and-go.js";
import { openDescriptors } from "./open-descriptors.js";
import { OwnDirectory } from "./own-directory.js";
import { Party, partyProgram } from "./party.js";
import { needsRoot } from "./processes.js";

const timeout = 150_000;

describe("registry: its directory", { timeout }, () => {
  test("smoke: the last one out of an empty directory takes the registry with it", () => {
    using own = new OwnDirectory();
    const first = own.attach();
    const second = own.attach();
    own.leave(first);
    assert.ok(own.list().includes(".registry"));
    own.leave(second);
    second.leave();
    assert.deepEqual(own.list(), []);
    assert.equal(own.attach().self, ownerWord(0, 1), "the next one begins a new one");
  });

  test("the registry stays while anything else is in the directory", () => {
    for (const thing of ["an object", ".anonymous/1", ".flight/carrier", ".lives/1", ".parkers/9.9", "foreign"]) {
      using own = new OwnDirectory();
      const place = own.attach();
      const path = join(own.path, thing);
      if (thing.startsWith(".flight")) mkdirSync(path);
      else writeFileSync(path, "");
      own.leave(place);
      assert.ok(own.list().includes(".registry"), thing);
      assert.ok(existsSync(path));
      rmSync(path, { recursive: true });
      own.leave(own.attach());
      assert.deepEqual(own.list(), [], thing);
    }
  });

  test("of two that leave at the very same time one takes the registry with it", () => {
    using own = new OwnDirectory();
    const [first, second] = [own.attach(), own.attach()];
    const { lock } = addon();
    addon().lock = (fd, byte, shared) => {
      addon().lock = lock;
      assert.equal(lock(fd, byte, shared), 0, "the first one's try for the gate is in vain");
      own.leave(second);
      return 0;
    };
    own.leave(first);
    assert.deepEqual(own.list(), []);
  });

  test("one that leaves late, when all was removed and is just begun anew, does no harm to the new one", () => {
    using own = new OwnDirectory();
    const [first, second] = [own.attach(), own.attach()];
    rmSync(first.fifoPath(first.self));
    addon().unlock((first as unknown as { fd: number }).fd, GATE_BYTE); // as far the first one has come
    own.leave(second);
    assert.deepEqual(own.list(), []);
    const { mkfifo } = addon();
    addon().mkfifo = (path, mode) => {
      addon().mkfifo = mkfifo;
      own.leave(first);
      return mkfifo(path, mode);
    };
    const young = own.attach();
    assert.deepEqual([young.self, young.isAlive(young.self)], [ownerWord(0, 1), true]);
    assert.ok(own.list().includes(".registry") && own.list().includes(".parkers/0.1"));
  });

  test("of a killed last one the registry stays, and the next last one takes it", async () => {
    using own = new OwnDirectory();
    const party = Party.process();
    await party.order("attach");
    await party.kill();
    assert.ok(own.list().includes(".registry"));
    const place = own.attach();
    const [killed] = place.killed();
    rmSync(place.fifoPath(killed));
    place.clean(killed);
    own.leave(place);
    assert.deepEqual(own.list(), []);
  });

  test("thousands come and go at once, and nobody ever meets a half-made registry or an error", async () => {
    using own = new OwnDirectory();
    const rounds = process.env.INTERPROC_TEST === "full" ? 800 : 500;
    let begun = 0;
    // how often all are gone at once is chance
    for (let batch = 0; batch < 20 && begun <= 20; batch++) {
      const reports = await Promise.all([1, 2, 3, 4].map((seed) => comeAndGo(rounds, seed + batch * 4)));
      for (const { error, joined, made } of reports) {
        assert.equal(error, undefined);
        assert.equal(joined, rounds);
        begun += made;
      }
    }
    assert.ok(begun > 20, `a registry was begun ${begun} times`);
    assert.deepEqual(own.list(), [], "and the last of all has taken it away");
  });

  test("the default directory too comes and goes with those who use it", { skip: needsRoot }, async (t) => {
    const uid = 61_000 + (process.pid % 1000);
    const directory = `/dev/shm/interproc-${uid}`;
    if (!isReadableByAll(partyProgram)) return t.skip("other users cannot read this checkout");
    const rounds = 300;
    const environment = { ...process.env, INTERPROC_DIR: "" };
    const reports = await Promise.all(
      [1, 2].map((seed) => comeAndGo(rounds, seed, { uid, gid: uid, env: environment })),
    );
    for (const { error, joined } of reports) assert.deepEqual([error, joined], [undefined, rounds]);
    assert.ok(!existsSync(directory), "the folder went with the last of them");
  });

  test("a foreign, byte-swapped, older or newer registry is a MismatchError and stays as it is", async () => {
    using own = new OwnDirectory();
    const path = join(own.path, ".registry");
    const header = Buffer.alloc(REGISTRY_BYTES);
    const { offset } = registryHeader;
    const write = (magic: number, version: number, slots: number): void => {
      header.writeUInt32LE(magic, offset.magic);
      header.writeUInt32LE(version, offset.version);
      header.writeUInt32LE(slots, offset.slots);
    };
    const swapped = Buffer.alloc(4);
    swapped.writeUInt32BE(REGISTRY_MAGIC);
    for (const [magic, version, slots] of [
      [0, 0, 0],
      [swapped.readUInt32LE(), REGISTRY_VERSION, SLOTS],
      [REGISTRY_MAGIC, REGISTRY_VERSION + 1, SLOTS],
      [REGISTRY_MAGIC, 0, SLOTS],
      [REGISTRY_MAGIC, REGISTRY_VERSION, SLOTS * 2],
    ]) {
      write(magic, version, slots);
      writeFileSync(path, header);
      const descriptors = openDescriptors();
      assert.throws(() => Registry.attach(), {
        code: "ERR_INTERPROC_MISMATCH",
        message: new RegExp(
          `magic 0x${magic.toString(16)} and version ${version}; this version .* reads magic 0x52504901`,
        ),
      });
      assert.equal(openDescriptors(), descriptors);
      assert.ok(readFileSync(path).equals(header));
    }
    write(REGISTRY_MAGIC, REGISTRY_VERSION, SLOTS);
    for (const length of [0, 5, REGISTRY_BYTES - 1]) {
      writeFileSync(path, header.subarray(0, length));
      assert.throws(() => Registry.attach(), {
        code: "ERR_INTERPROC_MISMATCH",
        message: new RegExp(`has ${length} bytes; ${REGISTRY_BYTES} were`),
      });
    }
    rmSync(path);
    symlinkSync("/etc/passwd", path);
    assert.throws(() => Registry.attach(), { code: "ERR_INTERPROC_SYSTEM", message: /the registry .*: ELOOP/ });
    rmSync(path);
    mkdirSync(path);
    assert.throws(() => Registry.attach(), { code: "ERR_INTERPROC_SYSTEM", message: /the registry .*: EISDIR/ });
  });

  test("a directory with another mode is refused, with the command that sets it right", () => {
    using own = new OwnDirectory();
    for (const mode of [0o755, 0o750, 0o701, 0o777]) {
      chmodSync(own.path, mode);
      assert.throws(() => Registry.attach(), {
        code: "ERR_INTERPROC_USAGE",
        resource: own.path,
        message: `the directory for shared objects ${own.path} has mode 0${mode.toString(8)}; allowed: 0700 (chmod 700 ${own.path})`,
      });
    }
    chmodSync(own.path, 0o700);
    assert.ok(own.attach());
  });

  test("a directory of another user is refused", { skip: needsRoot }, () => {
    using own = new OwnDirectory();
    chownSync(own.path, 12_345, 12_345);
    assert.throws(() => Registry.attach(), {
      code: "ERR_INTERPROC_USAGE",
      message: `the directory for shared objects ${own.path} belongs to uid 12345, not to 0; remove it or set INTERPROC_DIR`,
    });
    assert.deepEqual(own.list(), []);
  });

  test("a link, a file, and a folder in nothing are refused with advice", () => {
    using own = new OwnDirectory();
    mkdirSync(join(own.path, "real"), { mode: 0o700 });
    symlinkSync(join(own.path, "real"), join(own.path, "link"));
    symlinkSync(join(own.path, "nowhere"), join(own.path, "dangling"));
    writeFileSync(join(own.path, "file"), "");
    for (const name of ["link", "dangling", "file"]) {
      process.env.INTERPROC_DIR = join(own.path, name);
      assert.throws(() => Registry.attach(), {
        code: "ERR_INTERPROC_USAGE",
        message: /is not a folder .*; remove it or set INTERPROC_DIR/,
      });
    }
    process.env.INTERPROC_DIR = join(own.path, "no", "where");
    assert.throws(() => Registry.attach(), {
      code: "ERR_INTERPROC_SYSTEM",
      errno: "ENOENT",
      message: /cannot be made: ENOENT; set INTERPROC_DIR/,
    });
  });

  test("INTERPROC_DIR says where; without it or when it is empty it is /dev/shm/interproc-<uid>", () => {
    using own = new OwnDirectory();
    process.env.INTERPROC_DIR = join(own.path, "made");
    const place = own.attach();
    assert.equal(place.directory, join(own.path, "made"));
    own.leave(place);
    assert.deepEqual(own.list(), ["made"], "the folder that it names stays");
    process.env.INTERPROC_DIR = relative(process.cwd(), own.path);
    assert.equal(directoryPath(), own.path, "a relative path is one of this moment's working directory");
    for (const unset of ["", undefined]) {
      if (unset === undefined) delete process.env.INTERPROC_DIR;
      else process.env.INTERPROC_DIR = unset;
      assert.equal(directoryPath(), `/dev/shm/interproc-${process.getuid?.()}`);
    }
  });

  test("files and folders are the user's own, whatever the umask", () => {
    const before = process.umask();
    try {
      for (const umask of [0, 0o077, 0o177 & ~0o100]) {
        process.umask(umask);
        using own = new OwnDirectory();
        process.env.INTERPROC_DIR = join(own.path, "made");
        const place = own.attach();
        for (const [path, mode] of [
          [place.directory, 0o40700],
          [join(place.directory, ".registry"), 0o100600],
          [join(place.directory, ".parkers"), 0o40700],
          [join(place.directory, ".flight"), 0o40700],
          [place.fifoPath(place.self), 0o10600],
        ] as const)
          assert.equal(modeOf(path).toString(8), mode.toString(8), `${basename(path)} with umask ${umask.toString(8)}`);
      }
    } finally {
      process.umask(before);
    }
  });
});

const modeOf = (path: string): number => lstatSync(path).mode;

/** Whether a user who has no part in it can read a file. */
function isReadableByAll(path: string): boolean {
  for (let part = dirname(path); part !== "/"; part = dirname(part)) if ((modeOf(part) & 0o5) !== 0o5) return false;
  return (modeOf(path) & 0o4) !== 0;
}
