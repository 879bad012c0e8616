import type { PoolTask } from "./pool-task.js";

/** Which tasks a worker was told of, and which ones it knows. */
export class LaneTasks {
  private readonly states = new Map<PoolTask, "told" | "known">();
  /** Numbers of the messages that told of them, which are answered in order. */
  private readonly numbers: number[] = [];

  state(task: PoolTask): "told" | "known" | undefined {
    return this.states.get(task);
  }

  tell(task: PoolTask): void {
    this.states.set(task, "told");
  }

  /** It was told of one more by a message of this number. */
  sent(number: number): void {
    this.numbers.push(number);
  }

  /** It says that it knows the task of this index, or that it never will. Gives the task, and the message's number. */
  heard(index: number, isKnown: boolean): { readonly task: PoolTask; readonly number: number } | undefined {
    const number = this.numbers.shift();
    for (const task of this.states.keys()) {
      if (task.index !== index || number === undefined) continue;
      if (isKnown) this.states.set(task, "known");
      else this.states.delete(task);
      return { task, number };
    }
    return undefined;
  }

  /** Whether it is importing a task's module. */
  get areLoading(): boolean {
    for (const state of this.states.values()) if (state === "told") return true;
    return false;
  }
}
