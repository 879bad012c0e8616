import assert from "node:assert/strict";
import { type SpawnOptions, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  constants,
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
import { setImmediate as turn } from "node:timers/promises";
import { directoryPath } from "#src/memory/directory.js";
import { generationOf, isOwner, LAST_GENERATION, ownerWord, SLOTS, slotOf } from "#src/memory/owner.js";
import { monotonicSeconds, Registry } from "#src/memory/registry.js";
import {
  GATE_BYTE,
  LOCK_BASE,
  REGISTRY_BYTES,
  REGISTRY_MAGIC,
  REGISTRY_VERSION,
  registryHeader,
  registrySlot,
  SLOT_STRIDE,
  SLOTS_OFFSET,
} from "#src/memory/registry.layout.js";
import { addon } from "#src/native/addon.js";
import { openDescriptors } from "./open-descriptors.js";
import { OwnDirectory } from "./own-directory.js";
import { Party, partyProgram } from "./party.js";
import { needsRoot, stateOf, until } from "./processes.js";

const timeout = 150_000;
const slotWord = (slot: number, field: keyof typeof registrySlot.word): number =>
  (SLOTS_OFFSET + slot * SLOT_STRIDE) / 4 + registrySlot.word[field];

describe("registry", { timeout }, () => {
  test("smoke: a thread takes a place, is alive, and gives the place back", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const other = own.attach();
    assert.ok(isOwner(mine.self));
    assert.notEqual(mine.self, other.self);
    assert.ok(mine.isAlive(mine.self) && mine.isAlive(other.self) && other.isAlive(mine.self));
    assert.equal(mine.pidOf(other.self), process.pid);
    assert.ok(existsSync(mine.fifoPath(mine.self)));
    own.leave(other);
    assert.ok(!mine.isAlive(other.self) && !other.isAlive(other.self));
    assert.ok(!existsSync(mine.fifoPath(other.self)));
    assert.deepEqual(mine.killed(), []);
  });

  test("an owner word is its slot and its generation; words below 4,096 are nobody's", () => {
    for (const slot of [0, 1, 63, SLOTS - 1])
      for (const generation of [1, 2, 0x7_ffff, 0x8_0000, LAST_GENERATION]) {
        const owner = ownerWord(slot, generation);
        assert.deepEqual(
          [slotOf(owner), generationOf(owner), isOwner(owner), owner | 0],
          [slot, generation, true, owner],
        );
      }
    for (const word of [0, 1, 2, 4095]) assert.ok(!isOwner(word));
    using own = new OwnDirectory();
    const mine = own.attach();
    for (const word of [0, 1, 2, slotOf(mine.self), 4095]) assert.ok(!mine.isAlive(word), `${word}`);
  });

  test("a process is alive until it is killed, and from then on dead", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const party = Party.process();
    const owner = await party.order("attach");
    assert.ok(mine.isAlive(owner) && (await party.order("isAlive", mine.self)));
    assert.equal(mine.pidOf(owner), party.pid);
    await party.kill();
    assert.ok(!mine.isAlive(owner));
    assert.deepEqual(mine.killed(), [owner]);
    mine.clean(owner);
    assert.deepEqual([mine.killed(), mine.isAlive(owner)], [[], false]);
  });

  test("a process that ends in an orderly way is dead, and leaves nothing to sweep", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const party = Party.process();
    const owner = await party.order("attach");
    await party.end();
    assert.ok(!mine.isAlive(owner));
    assert.deepEqual(mine.killed(), []);
    assert.deepEqual(own.objects(), []);
  });

  test("a killed process that its parent has not reaped yet is dead", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    // the shell turns into a program that never reaps
    const parent = spawn("sh", ["-c", `"${process.execPath}" "${partyProgram}" & exec sleep 600`], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    try {
      const owner = await new Promise<number>((resolve) => {
        parent.once("message", (answer) => resolve((answer as { value: number }).value));
        parent.send(["attach"]);
      });
      assert.ok(mine.isAlive(owner));
      const pid = mine.pidOf(owner) as number;
      process.kill(pid, "SIGKILL");
      await until(() => !mine.isAlive(owner));
      assert.equal(stateOf(pid), "Z");
      process.kill(pid, 0); // to this it still looks alive
    } finally {
      parent.kill("SIGKILL");
    }
  });

  test("a stopped process is alive, however long it stands, and dead when it is killed", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const party = Party.process();
    const owner = await party.order("attach");
    process.kill(party.pid, "SIGSTOP");
    await until(() => stateOf(party.pid) === "T");
    assert.ok(mine.isAlive(owner));
    assert.deepEqual(mine.killed(), []);
    process.kill(party.pid, "SIGCONT");
    assert.ok(await party.order("isAlive", owner));
    process.kill(party.pid, "SIGSTOP");
    await party.kill();
    assert.ok(!mine.isAlive(owner));
  });

  test("a worker thread that ends or is terminated is dead while its process lives", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    for (const how of ["end", "kill"] as const) {
      const party = Party.worker();
      const owner = await party.order("attach");
      assert.ok(mine.isAlive(owner) && (await party.order("isAlive", mine.self)));
      assert.equal(mine.pidOf(owner), process.pid);
      await party[how]();
      assert.ok(!mine.isAlive(owner), how);
      assert.deepEqual(mine.killed(), how === "kill" ? [owner] : []);
      mine.clean(owner);
    }
  });

  test("life and death are seen across pid namespaces", { skip: needsRoot }, async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const inside = Party.process(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    const there = await inside.order("attach");
    const outside = Party.process();
    const here = await outside.order("attach");
    assert.ok(mine.isAlive(there) && (await outside.order("isAlive", there)) && (await inside.order("isAlive", here)));
    assert.notEqual(mine.pidOf(there), inside.pid);
    await outside.kill();
    assert.ok(!(await inside.order("isAlive", here)));
    assert.ok(await inside.order("isAlive", mine.self));
    await inside.kill();
    await until(() => !mine.isAlive(there));
  });

  test("a slot's next holder has another owner word, and the last one is dead although the slot lives", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const first = own.attach();
    own.leave(first);
    mine.words.store(registryHeader.word.cursor, slotOf(first.self));
    const second = own.attach();
    assert.equal(slotOf(second.self), slotOf(first.self));
    assert.equal(generationOf(second.self), generationOf(first.self) + 1);
    assert.ok(!mine.isAlive(first.self) && mine.isAlive(second.self));
    assert.equal(mine.parkerOf(first.self), -1);
    assert.equal(mine.pidOf(first.self), undefined);
    assert.ok(mine.parkerOf(second.self) >= 0);
    own.abandon(second);
    assert.ok(!mine.isAlive(first.self) && !mine.isAlive(second.self));
  });

  test("generations go round without ever being 0", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    mine.words.store(registryHeader.word.cursor, 100);
    mine.words.store(slotWord(100, "generation"), LAST_GENERATION);
    const place = own.attach();
    assert.deepEqual([slotOf(place.self), generationOf(place.self)], [100, 1]);
    mine.words.store(registryHeader.word.cursor, 200);
    mine.words.store(slotWord(200, "generation"), LAST_GENERATION - 1);
    const last = own.attach();
    assert.deepEqual([slotOf(last.self), generationOf(last.self)], [200, LAST_GENERATION]);
    assert.ok(mine.isAlive(last.self) && last.isAlive(place.self));
  });

  test("slots are handed out round and round", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    for (let i = 1; i <= 20; i++) {
      const place = own.attach();
      assert.equal(slotOf(place.self), slotOf(mine.self) + i);
      own.leave(place);
    }
    mine.words.store(registryHeader.word.cursor, SLOTS - 1);
    assert.equal(slotOf(own.attach().self), SLOTS - 1);
    assert.equal(
      slotOf(own.attach().self),
      slotOf(mine.self) + 1,
      "behind the last slot comes the first, which is taken",
    );
    mine.words.store(registryHeader.word.cursor, -1);
    assert.ok(own.attach().self);
  });

  test("4,096 threads can attach, one more is a SystemError, and then the place of one that leaves is found", async () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const fd = addon().open(join(own.path, ".registry"), constants.O_RDWR, 0);
    for (let slot = 0; slot < SLOTS; slot++) {
      if (slot === slotOf(mine.self)) continue;
      assert.equal(addon().lock(fd, LOCK_BASE + slot, 0), 1);
      mine.words.store(slotWord(slot, "generation"), 1);
      mine.words.store(slotWord(slot, "occupied"), 1);
    }
    const descriptors = openDescriptors();
    for (let tries = 0; tries < 3; tries++)
      assert.throws(() => Registry.attach(), {
        code: "ERR_INTERPROC_SYSTEM",
        errno: "EAGAIN",
        retryable: true,
        resource: own.path,
        message: `${own.path} has its 4,096 threads attached; one more is not possible`,
      });
    assert.equal(openDescriptors(), descriptors);
    assert.ok(mine.isAlive(ownerWord(4000, 1)));
    mine.words.store(slotWord(1234, "occupied"), 0);
    addon().unlock(fd, LOCK_BASE + 1234);
    const place = own.attach();
    assert.deepEqual([slotOf(place.self), generationOf(place.self)], [1234, 2]);
    addon().close(fd);
    await turn();
  });

  test("killed threads' slots are spared while there are others, and when there are none a newcomer still gets in", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const killed = own.attach();
    own.abandon(killed);
    mine.words.store(registryHeader.word.cursor, slotOf(killed.self));
    assert.equal(slotOf(own.attach().self), slotOf(killed.self) + 1);
    for (let slot = 0; slot < SLOTS; slot++)
      if (mine.words.load(slotWord(slot, "occupied")) === 0) mine.words.store(slotWord(slot, "occupied"), 1);
    mine.words.store(registryHeader.word.cursor, slotOf(killed.self));
    const newcomer = own.attach();
    assert.deepEqual(
      [slotOf(newcomer.self), generationOf(newcomer.self)],
      [slotOf(killed.self), generationOf(killed.self) + 1],
    );
    assert.ok(mine.isAlive(newcomer.self) && !mine.isAlive(killed.self));
    assert.equal(mine.killed().length, SLOTS - 3);
    for (const owner of mine.killed()) mine.clean(owner);
    assert.deepEqual(mine.killed(), []);
    assert.ok(mine.isAlive(newcomer.self), "cleaning the killed takes nothing from the living");
    mine.clean(killed.self);
    assert.ok(mine.isAlive(newcomer.self));
  });

  test("whoever takes or cleans a killed thread's slot never makes it look alive again", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const killed = own.attach();
    own.abandon(killed);
    // as another thread that is just taking the slot: it has the lock and nothing else yet
    const fd = addon().open(join(own.path, ".registry"), constants.O_RDWR, 0);
    mine.clean(killed.self);
    assert.equal(addon().lock(fd, LOCK_BASE + slotOf(killed.self), 0), 1);
    assert.ok(!mine.isAlive(killed.self));
    addon().close(fd);
  });

  test("a thread that was killed while it attached leaves a slot that is vacant, and a FIFO that the next holder removes", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const slot = slotOf(mine.self) + 1;
    mine.words.store(slotWord(slot, "generation"), 41);
    assert.equal(addon().mkfifo(mine.fifoPath(ownerWord(slot, 42)), 0o600), 0);
    assert.deepEqual(mine.killed(), []);
    assert.equal(own.attach().self, ownerWord(slot, 42));
  });

  test("the registry shows pid, thread, age and name of who holds a slot, for display", () => {
    using own = new OwnDirectory();
    const mine = own.attach();
    const slot = slotOf(mine.self);
    const at = SLOTS_OFFSET + slot * SLOT_STRIDE;
    const name = Buffer.from(mine.buffer, at + registrySlot.offset.name, 64);
    assert.equal(mine.words.load(slotWord(slot, "pid")), process.pid);
    assert.equal(mine.words.load(slotWord(slot, "thread")), 0);
    assert.equal(name.subarray(0, name.indexOf(0)).toString(), Buffer.from(process.title).subarray(0, 63).toString());
    const [attachedAt] = new Float64Array(mine.buffer, at + registrySlot.offset.attachedAt, 1);
    assert.ok(attachedAt > 0 && attachedAt <= monotonicSeconds());
    mine.countSleep(250);
    mine.countSleep(250);
    assert.equal(new Float64Array(mine.buffer, at + registrySlot.offset.blockedMicroseconds, 1)[0], 500);
    assert.equal(mine.words.load(slotWord(slot, "wakes")), 2);
  });

  test("the last one out of an empty directory takes the registry with it", () => {
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
    const reports = await Promise.all([1, 2, 3, 4].map((seed) => comeAndGo(rounds, seed)));
    let begun = 0;
    for (const { error, joined, made } of reports) {
      assert.equal(error, undefined);
      assert.equal(joined, rounds);
      begun += made;
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

interface Report {
  readonly joined: number;
  readonly made: number;
  readonly error?: string;
}

/** A process that takes a place and gives it back, `rounds` times. */
async function comeAndGo(rounds: number, seed: number, options: SpawnOptions = {}): Promise<Report> {
  const program = join(dirname(partyProgram), "memory-join-leave.js");
  const stdio: SpawnOptions["stdio"] = ["ignore", "pipe", "inherit"];
  const child = spawn(process.execPath, [program, `${rounds}`, `${seed}`], { stdio, ...options });
  let output = "";
  for await (const text of child.stdout ?? []) output += text;
  return JSON.parse(output) as Report;
}
