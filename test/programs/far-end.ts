// Does with a connection's far end what the test orders.
import type { Connection } from "interproc";

type Method = (...args: readonly unknown[]) => unknown;
export type Order = { id: number; end: number; method: string; args: readonly unknown[] };
export type Answer = { id: number; value?: unknown; error?: { code: unknown; message: string } };

const ends = new Map<number, Connection>();

export function take(end: number, connection: Connection): void {
  ends.set(end, connection);
}

export async function perform({ id, end, method, args }: Order): Promise<Answer> {
  try {
    const connection = ends.get(end) as unknown as Record<string, Method>;
    return { id, value: method === "take" ? undefined : await connection[method](...args) };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    return { id, error: { code, message } };
  }
}
