import { isLifeLineHeld } from "./life-line.js";

/** The process that spawned this one. */
export interface ParentProcess {
  readonly pid: number;
  readonly name: string;
  readonly isAlive: boolean;
}

/** What a process knows of itself. */
export interface CurrentProcess {
  /** As given to `spawn`, else `Process-1`, `Process-2` …; `MainProcess` where nothing was spawned. */
  readonly name: string;
  readonly pid: number;
  readonly parent: ParentProcess | undefined;
}

/** What a spawned process was told by its parent. */
export interface Birth {
  readonly name: string;
  readonly parent: { readonly pid: number; readonly name: string };
  /** The parent's life line. */
  readonly life: string;
}

const BIRTH = Symbol.for("interproc.birth");
const holder = globalThis as { [BIRTH]?: Birth };

export function setBirth(birth: Birth): void {
  holder[BIRTH] = birth;
}

/** This process's name, pid, and its parent if it was spawned by interproc: Python's `current_process()`. */
export function currentProcess(): CurrentProcess {
  const birth = holder[BIRTH];
  if (!birth) return { name: "MainProcess", pid: process.pid, parent: undefined };
  const parent = {
    ...birth.parent,
    get isAlive() {
      return isLifeLineHeld(birth.life);
    },
  };
  return { name: birth.name, pid: process.pid, parent };
}
