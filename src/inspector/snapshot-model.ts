/*
 * What the inspector says of a user's objects: plain data that survives JSON. Threads go by `slot.generation`, objects by
 * their random identity. Times are seconds since boot, as `bootSeconds`; counts are modulo 2^32 unless they say otherwise.
 */

/** Everything at one moment, as far as one look at many files tells. */
export interface Snapshot {
  readonly directory: string;
  /** ISO 8601. */
  readonly takenAt: string;
  readonly bootSeconds: number;
  readonly objects: readonly ObjectView[];
  readonly threads: readonly ThreadView[];
  readonly processes: readonly ProcessView[];
  readonly waits: readonly WaitView[];
  readonly deadlocks: readonly Deadlock[];
}

/**
 * `live`: a living thread holds it. `in flight`: a handle is on its way to somebody. `kept`: nobody, and it was made to
 * stay. `left behind`: nobody, and a sweep removes it. `damaged`: the file is not what its header says.
 */
export type ObjectState = "live" | "in flight" | "kept" | "left behind" | "damaged";

export interface ObjectView {
  readonly id: string;
  /** Absent when it is anonymous, or its name was taken away. */
  readonly name?: string;
  /** What a user calls it: `Lock`, `Queue`, `pipe` … */
  readonly type: string;
  readonly state: ObjectState;
  /** What is wrong with the file. */
  readonly problem?: string;
  /** Bytes of the user's data, as the header has them. */
  readonly size: number;
  readonly fileBytes: number;
  readonly createdAt: number;
  readonly persist: boolean;
  /** Handles on their way. */
  readonly inFlight: number;
  readonly attached: readonly AttachmentView[];
  /** Messages that wait, entries, missing permits …: what fills it. */
  readonly depth?: number;
  /** Bytes that are taken, of so many. */
  readonly used?: number;
  readonly capacity?: number;
  /** What went in and came out since it was made. */
  readonly counts?: { readonly in: number; readonly out: number };
  readonly holders: readonly HolderView[];
  /** Who reads what is put here, and how far each is behind, where that is known: of topics and pipes. */
  readonly consumers?: readonly ConsumerView[];
  /** A holder has died, and nobody has released it normally since. */
  readonly abandoned?: boolean;
  /** What else there is to say, by the kind. */
  readonly facts: Readonly<Record<string, FactValue>>;
}

export type FactValue = string | number | boolean | readonly string[];

/** One place of an object's table that a thread has, or had when it was killed. */
export interface AttachmentView {
  readonly thread: string;
  readonly pid: number;
  readonly name: string;
  readonly isAlive: boolean;
  /** Times it slept here, and seconds. */
  readonly sleeps: number;
  readonly blockedSeconds: number;
}

/** Who holds how much of an object: `holds`, `reads`, `writes`, `permits`, `unacked`. */
export interface HolderView {
  readonly thread: string;
  readonly how: "holds" | "reads" | "writes" | "permits" | "unacked";
  readonly count: number;
}

/** A living thread that reads, and what it has not read yet. */
export interface ConsumerView {
  readonly thread: string;
  readonly behindBytes: number;
  /** Of so many. */
  readonly capacity: number;
  /** Messages that were overwritten before it could read them, modulo 2^32. */
  readonly missed: number;
}

export interface ThreadView {
  readonly thread: string;
  readonly pid: number;
  /** Worker thread id; 0 is the main thread. */
  readonly worker: number;
  readonly name: string;
  /** The task that it runs, as far as it says so; else empty. */
  readonly task: string;
  readonly isAlive: boolean;
  /** `blocked`: asleep in a Sync form; `waiting`: asleep in its event loop while something is awaited. */
  readonly state: "running" | "blocked" | "waiting" | "dead";
  readonly attachedAt: number;
  readonly wakes: number;
  readonly blockedSeconds: number;
}

export interface ProcessView {
  readonly pid: number;
  readonly name: string;
  /** Its command line, where this process may see it. */
  readonly command?: string;
  readonly threads: readonly string[];
  readonly isAlive: boolean;
}

/** One thread that waits for one thing. */
export interface WaitView {
  readonly thread: string;
  readonly object: string;
  /** In words: `the lock`, `a message`, `room` … */
  readonly waitsFor: string;
  /** Threads that can end it. */
  readonly blockers: readonly string[];
  /** `one` of the blockers is enough, `all` have to, or also `others` can who are not known. */
  readonly endedBy: "one" | "all" | "others";
  /** Tells this wait from an earlier one of the same thread. */
  readonly token: number;
}

/** Threads that wait for each other in a circle. */
export interface Deadlock {
  /** Every thread of it is blocked in a Sync form, so that none can release anything; else it may still come apart. */
  readonly isCertain: boolean;
  /** Each thread waits for what the next one has. */
  readonly steps: readonly DeadlockStep[];
  readonly text: string;
}

export interface DeadlockStep {
  readonly thread: string;
  readonly pid: number;
  /** Identity of the object that it has and the one before waits for. */
  readonly holds: string;
  readonly waitsFor: string;
}
