import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { compiledSource } from "../compiled-source.js";

/** In which compiled file of src which text becomes which other one. It must be there once; any space stands for any. */
export type Mutation = readonly [file: string, text: string, replacement: string];

/** The code that is explored. */
export interface Production {
  readonly OwnerLock: typeof import("#src/sync/owner-lock.js").OwnerLock;
  readonly LockWait: typeof import("#src/sync/owner-lock.js").LockWait;
  readonly Waiters: typeof import("#src/sync/waiters.js").Waiters;
  readonly Guard: typeof import("#src/sync/guard.js").Guard;
  readonly parker: typeof import("#src/sync/parker.js").parker;
  readonly Holding: typeof import("#src/primitives/holding.js").Holding;
  readonly LockHolding: typeof import("#src/primitives/locks/lock-holding.js").LockHolding;
  readonly Changes: typeof import("#src/primitives/memory/changes.js").Changes;
  readonly PipeLink: typeof import("#src/primitives/pipe/pipe-link.js").PipeLink;
  readonly PipeSending: typeof import("#src/primitives/pipe/pipe-sending.js").PipeSending;
  readonly QueueCore: typeof import("#src/primitives/queue/queue-core.js").QueueCore;
  readonly QueueWait: typeof import("#src/primitives/queue/queue-wait.js").QueueWait;
  readonly BroadcastRing: typeof import("#src/rings/broadcast-ring.js").BroadcastRing;
  readonly BroadcastReader: typeof import("#src/rings/broadcast-reader.js").BroadcastReader;
  readonly MapRows: typeof import("#src/rings/map-rows.js").MapRows;
  readonly MapStore: typeof import("#src/rings/map-store.js").MapStore;
  readonly MapReader: typeof import("#src/rings/map-reader.js").MapReader;
  readonly TopicCore: typeof import("#src/primitives/topic/topic-core.js").TopicCore;
  readonly PipeReceiving: typeof import("#src/primitives/pipe/pipe-receiving.js").PipeReceiving;
  readonly PlainPermits: typeof import("#src/sync/plain-permits.js").PlainPermits;
  readonly PermitHolding: typeof import("#src/primitives/locks/permit-holding.js").PermitHolding;
  readonly WaitingCalls: typeof import("#src/primitives/waiting-calls.js").WaitingCalls;
  readonly Notices: typeof import("#src/sync/notices.js").Notices;
  readonly NoticeWait: typeof import("#src/sync/notices.js").NoticeWait;
  readonly Rendezvous: typeof import("#src/sync/rendezvous.js").Rendezvous;
  readonly ArrivalWait: typeof import("#src/sync/rendezvous.js").ArrivalWait;
  readonly EventWord: typeof import("#src/sync/event-word.js").EventWord;
  readonly EventWait: typeof import("#src/sync/event-word.js").EventWait;
  readonly ReadWriteLock: typeof import("#src/sync/read-write-lock.js").ReadWriteLock;
  readonly AccessWait: typeof import("#src/sync/read-write-lock.js").AccessWait;
  readonly WorkSlots: typeof import("#src/sync/work-slots.js").WorkSlots;
}

const entries = [
  "sync/owner-lock.js",
  "sync/waiters.js",
  "sync/guard.js",
  "sync/parker.js",
  "primitives/holding.js",
  "primitives/locks/lock-holding.js",
  "primitives/memory/changes.js",
  "primitives/queue/queue-core.js",
  "primitives/queue/queue-wait.js",
  "rings/broadcast-ring.js",
  "rings/broadcast-reader.js",
  "rings/map-rows.js",
  "rings/map-store.js",
  "rings/map-reader.js",
  "primitives/topic/topic-core.js",
  "primitives/pipe/pipe-link.js",
  "primitives/pipe/pipe-sending.js",
  "primitives/pipe/pipe-receiving.js",
  "sync/plain-permits.js",
  "sync/notices.js",
  "sync/rendezvous.js",
  "sync/event-word.js",
  "sync/read-write-lock.js",
  "sync/work-slots.js",
  "primitives/locks/permit-holding.js",
  "primitives/waiting-calls.js",
];

/** Files that reach out of the shared memory, and what stands in their place. */
const doors: Readonly<Record<string, string>> = {
  "native/addon.js": "kernel.js",
  "deadline.js": "clock.js",
  "memory/this-thread.js": "this-thread.js",
  "memory/bytes.js": "bytes.js",
  "sync/processors.js": "processors.js",
  "sync/patience.js": "patience.js",
  "sync/loop-door.js": "loop-door.js",
  "sync/loop-turn.js": "loop-turn.js",
};

/** What is different about a thread that is run again and again from its beginning. */
const adaptations: readonly Mutation[] = [
  // a long item that is not thousands of steps long
  ["primitives/queue/queue-core.js", "const SHORT = 4096;", "const SHORT = 4;"],
  // one parker a thread, and each party is one
  [
    "sync/parker.js",
    "own ??= new Parker(registry()); return own;",
    "const here = registry(); here.parker ??= new Parker(here); return here.parker;",
  ],
  // a second look that nothing has come before would only be the same state again
  ["sync/guard.js", "const LOOKS = 2000;", "const LOOKS = 1;"],
  // a sleep counts as bounded only where it is long: what ends it before is to be a wake
  ["sync/parker.js", "const CALL_RECHECK_FIRST_MS = 2;", "const CALL_RECHECK_FIRST_MS = 50;"],
  // nothing is owed when a party ends
  ["primitives/message-folder.js", "folders.add(this);", ""],
];

const root = new URL("./", import.meta.resolve("#src/index.js"));
const rooms = ["sync", "rings", "primitives"];

/** The compiled code of src itself, with the doors of the explorer and with faults put in. */
export async function production(...mutations: readonly Mutation[]): Promise<Production> {
  const folder = mkdtempSync(join(tmpdir(), "interproc-explored-"));
  try {
    const copies = new Set<string>();
    for (const entry of entries) copy(entry, folder, [...adaptations, ...mutations], copies);
    for (const [file] of mutations)
      if (!copies.has(file)) throw new Error(`a mutant changes ${file}, which is not run`);
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const modules = await Promise.all(entries.map((entry) => import(pathToFileURL(join(folder, entry)).href)));
    return Object.assign({}, ...modules) as Production;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function copy(file: string, folder: string, mutations: readonly Mutation[], copies: Set<string>): void {
  if (copies.has(file)) return;
  copies.add(file);
  const url = new URL(file, root);
  let code = mutated(file, compiledSource(file), mutations);
  code = code.replace(/ from "(\.{1,2}\/[^"]+)"/g, (_, path: string) => {
    const target = new URL(path, url).href.slice(root.href.length);
    const door = doors[target];
    if (door) return ` from ${JSON.stringify(new URL(`./doors/${door}`, import.meta.url).href)}`;
    if (!rooms.includes(target.split("/")[0])) return ` from ${JSON.stringify(new URL(target, root).href)}`;
    copy(target, folder, mutations, copies);
    return ` from ${JSON.stringify(path)}`;
  });
  const timers = ["setImmediate", "setTimeout", "clearTimeout"].filter((name) => code.includes(`${name}(`));
  if (timers.length > 0)
    code = `import { ${timers.join(", ")} } from ${JSON.stringify(new URL("./doors/timers.js", import.meta.url).href)}; ${code}`;
  const path = join(folder, file);
  if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
}

function mutated(file: string, source: string, mutations: readonly Mutation[]): string {
  let code = source;
  for (const [where, text, replacement] of mutations) {
    if (where !== file) continue;
    const pattern = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
    const parts = code.split(new RegExp(pattern));
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times what a mutant changes: ${text}`);
    code = parts.join(replacement);
  }
  return code;
}
