import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ANONYMOUS, directoryPath } from "../memory/directory.js";
import { monotonicSeconds } from "../memory/registry.js";
import { RegistryView, type ThreadRecord } from "../memory/registry-view.js";
import { ASLEEP_IN_CALL, ASLEEP_IN_LOOP } from "../sync/parker.layout.js";
import { findDeadlocks } from "./deadlocks.js";
import { Damaged, ObjectFile } from "./object-file.js";
import { readObject, type Threads } from "./read-object.js";
import type { ObjectView, ProcessView, Snapshot, ThreadView, WaitView } from "./snapshot-model.js";

/** A thread that looks again whether it may go on is awake for some microseconds; so often it is asked. */
const LOOKS_AT_PARKER = 200;
const MOST_COMMAND = 400;

/**
 * All objects of this user, who is attached, and who waits for what: read by copies of the files. It takes no place in the
 * registry, no lock and no mapping, so that it neither disturbs nor can be disturbed; each object is read at its own
 * moment, and while it is in use its figures may not fit together exactly.
 *
 * A directory that is not there has no objects. A file that is none, or was cut off, is an object with a `problem`.
 *
 * @throws SystemError when there is no binary for this platform
 * @example
 * for (const { type, name, depth } of snapshot().objects) console.log(type, name, depth);
 */
export function snapshot(directory: string = directoryPath()): Snapshot {
  const view = RegistryView.open(directory);
  try {
    return read(directory, view);
  } finally {
    view?.[Symbol.dispose]();
  }
}

function read(directory: string, view: RegistryView | undefined): Snapshot {
  const takenAt = new Date().toISOString();
  const bootSeconds = monotonicSeconds();
  const first = readObjects(directory, view);
  const isBlocked = (thread: string): boolean => view !== undefined && isAsleepInCall(view, first.records.get(thread));
  let deadlocks = findDeadlocks(first.waits, first.objects, first.threads, isBlocked);
  if (deadlocks.some(({ isCertain }) => isCertain)) {
    view?.read();
    const lasting = new Set(readObjects(directory, view).waits.map(identity));
    const waits = first.waits.filter((wait) => lasting.has(identity(wait)));
    const confirmed = findDeadlocks(waits, first.objects, first.threads, isBlocked);
    const proven = new Set(confirmed.filter(({ isCertain }) => isCertain).map(({ text }) => text));
    deadlocks = deadlocks.map((one) => ({ ...one, isCertain: one.isCertain && proven.has(one.text) }));
  }
  const waiting = new Set(first.waits.map(({ thread }) => thread));
  const threads = first.threads.map((thread) => ({ ...thread, state: settled(thread, waiting) }));
  const { objects, waits } = first;
  return { directory, takenAt, bootSeconds, objects, threads, processes: processesOf(threads), waits, deadlocks };
}

/** A thread that waits and is caught while it looks around is still waiting. */
const settled = (thread: ThreadView, waiting: ReadonlySet<string>): ThreadView["state"] =>
  thread.state === "running" && waiting.has(thread.thread) ? "waiting" : thread.state;

/** The same wait with the same blockers. */
const identity = ({ thread, object, waitsFor, token, blockers }: WaitView): string =>
  [thread, object, waitsFor, token, ...blockers].join(" ");

function isAsleepInCall(view: RegistryView, record: ThreadRecord | undefined): boolean {
  if (!record?.isAlive) return false;
  for (let look = 0; look < LOOKS_AT_PARKER; look++) {
    const state = view.parkerNow(record.owner);
    if (state === ASLEEP_IN_CALL) return true;
    if (state === ASLEEP_IN_LOOP) return false;
  }
  return false;
}

interface Reading {
  readonly objects: ObjectView[];
  readonly waits: WaitView[];
  readonly threads: ThreadView[];
  readonly records: ReadonlyMap<string, ThreadRecord>;
}

function readObjects(directory: string, view: RegistryView | undefined): Reading {
  const records = new Map((view?.threads() ?? []).map((one) => [`${one.owner & 0xfff}.${one.owner >>> 12}`, one]));
  const views = new Map([...records].map(([thread, record]) => [thread, threadView(thread, record)]));
  const threads: Threads = {
    isAlive: (owner) => view?.isAlive(owner) ?? false,
    find: (thread) => views.get(thread),
  };
  const objects: ObjectView[] = [];
  const waits: WaitView[] = [];
  for (const { folder, entry, isAnonymous } of entriesOf(directory)) {
    const found = entry.isFile()
      ? readFile(join(folder, entry.name), entry.name, isAnonymous, threads)
      : { object: notAnObject(entry.name, isAnonymous, "it is not a regular file"), waits: [] };
    if (found === undefined) continue;
    objects.push(found.object);
    waits.push(...found.waits);
  }
  return { objects, waits, threads: [...views.values()], records };
}

function* entriesOf(directory: string): Iterable<{ folder: string; entry: Dirent; isAnonymous: boolean }> {
  for (const [folder, isAnonymous] of [[directory, false] as const, [join(directory, ANONYMOUS), true] as const])
    for (const entry of entriesIn(folder)) if (!entry.name.startsWith(".")) yield { folder, entry, isAnonymous };
}

function entriesIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // nobody has used the directory, or its last user is just removing it
  }
}

function readFile(path: string, name: string, isAnonymous: boolean, threads: Threads) {
  try {
    using file = ObjectFile.open(path);
    return readObject(file, name, isAnonymous, threads);
  } catch (error) {
    if (error instanceof Damaged) return { object: notAnObject(name, isAnonymous, error.message), waits: [] };
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined; // removed just now
    if (code === undefined) throw error;
    return { object: notAnObject(name, isAnonymous, `it cannot be read: ${code}`), waits: [] };
  }
}

function notAnObject(name: string, isAnonymous: boolean, problem: string): ObjectView {
  return {
    id: isAnonymous ? name : `file:${name}`,
    ...(isAnonymous ? {} : { name }),
    type: "file",
    state: "damaged",
    problem,
    ...{ size: 0, fileBytes: 0, createdAt: 0, persist: false, inFlight: 0 },
    ...{ attached: [], holders: [], facts: {} },
  };
}

function threadView(thread: string, record: ThreadRecord): ThreadView {
  const { isAlive, parker, blockedMicroseconds, attachedAt, pid, name, task, wakes } = record;
  const asleep = parker === ASLEEP_IN_CALL ? "blocked" : parker === ASLEEP_IN_LOOP ? "waiting" : "running";
  return {
    thread,
    pid,
    worker: record.thread,
    name,
    task: isAlive ? task : "",
    isAlive,
    state: isAlive ? asleep : "dead",
    attachedAt: Number.isFinite(attachedAt) ? attachedAt : 0,
    wakes,
    blockedSeconds: Number.isFinite(blockedMicroseconds) ? blockedMicroseconds / 1e6 : 0,
  };
}

function processesOf(threads: readonly ThreadView[]): ProcessView[] {
  const byPid = new Map<number, ThreadView[]>();
  for (const thread of threads) byPid.set(thread.pid, [...(byPid.get(thread.pid) ?? []), thread]);
  return [...byPid].map(([pid, own]) => {
    const isAlive = own.some((thread) => thread.isAlive);
    const command = isAlive ? commandOf(pid) : undefined;
    return {
      pid,
      name: own[0].name,
      ...(command !== undefined && { command }),
      threads: own.map(({ thread }) => thread),
      isAlive,
    };
  });
}

/** In another pid namespace the number is somebody else's, or nobody's: it is for display only. */
function commandOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return text === "" ? undefined : text.slice(0, MOST_COMMAND);
  } catch {
    return undefined;
  }
}
