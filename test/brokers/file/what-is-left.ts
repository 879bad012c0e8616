import assert from "node:assert/strict";
import { type AsyncSubscription, openTopic } from "interproc";

/** The group of these tests. */
export const workers = { group: "workers", durable: true } as const;

/** All that a subscription has, and each acknowledged. */
export async function drained<T>(subscription: AsyncSubscription<T>): Promise<T[]> {
  const found: T[] = [];
  try {
    for (;;) found.push(await subscription.get({ timeout: 0 }));
  } catch (error) {
    assert.equal((error as { code?: string }).code, "ERR_INTERPROC_TIMEOUT", String(error));
  }
  return found;
}

/** What the group has not acknowledged. */
export async function left(path: string): Promise<number[]> {
  await using topic = await openTopic<number>(`file:${path}`);
  await using group = await topic.subscribe("#", workers);
  return await drained(group);
}
