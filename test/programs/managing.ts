// Tasks that use references to managed objects, and objects that a manager serves.
import {
  type Connection,
  type Managed,
  type ManagedCounter,
  type ManagedDict,
  type ManagedList,
  task,
} from "interproc";

export class Account {
  readonly owner: string;
  private balance = 0;
  constructor(owner: string) {
    this.owner = owner;
  }
  deposit(amount: number): number {
    if (amount <= 0) throw new RangeError(`an amount of ${amount}`);
    this.balance += amount;
    return this.balance;
  }
  servedBy(): number {
    return process.pid;
  }
  _reset(): void {
    this.balance = 0;
  }
}

export const openAccount = task(import.meta, function openAccount(owner: string) {
  if (owner === "") throw new TypeError("an account without an owner");
  return new Account(owner);
});

export const noObject = task(import.meta, function noObject(): object {
  return 5 as unknown as object;
});

export const failing = task(import.meta, function failing(why: string): void {
  throw new RangeError(why);
});

export const deposit = task(import.meta, async function deposit(account: Managed<Account>, times: number) {
  for (let n = 0; n < times; n++) await account.deposit(1);
  return process.pid;
});

export const countUp = task(import.meta, async function countUp(dict: ManagedDict<string, number>, times: number) {
  for (let n = 0; n < times; n++) await dict.update("count", (count = 0) => count + 1);
});

/** Keeps what it is given until it is killed. */
export const keeping = task(import.meta, async function keeping(counter: ManagedCounter, ready: Connection<string>) {
  await counter.add(1);
  await ready.send("ready");
  await new Promise(() => setInterval(() => counter, 1000));
});

/** Puts a reference that it was given into a list that it was given, and ends. */
export const storing = task(import.meta, async function storing(list: ManagedList<unknown>, account: Managed<Account>) {
  await list.push({ account });
});

/** Counts in a managed counter for ever, or as long as its manager lives. */
export const counting = task(import.meta, async function counting(counter: ManagedCounter) {
  try {
    for (;;) await counter.add(1);
  } catch (error) {
    return (error as { code?: string }).code;
  }
});

export const putting = task(
  import.meta,
  async function putting(dict: ManagedDict<string, unknown>, key: string, value: unknown) {
    await dict.set(key, value);
  },
);

export const getting = task(import.meta, async function getting(dict: ManagedDict<string, unknown>, key: string) {
  return await dict.get(key);
});
