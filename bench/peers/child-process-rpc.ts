import { answer } from "../answer.js";
import { startPartner } from "../partner.js";
import { rpcApi } from "../rpc-api.js";
import type { RpcQuestion } from "../rpc-question.js";
import type { RpcRecord } from "../rpc-record.js";
import { type BenchedCalls, measureCalls } from "../rpc-rounds.js";

/*
 * Requests and replies by child.send as a program writes them by hand: an id, a table of who waits. The callback has a message
 * there and one back; items are sent one after the other without asking whether there is room.
 */
type Message =
  | { kind: "add"; id: number; a: number; b: number }
  | { kind: "echo"; id: number; record: RpcRecord }
  | { kind: "callBack"; id: number }
  | { kind: "called"; id: number; value: number }
  | { kind: "count"; id: number; length: number }
  | { kind: "answer" | "item"; id: number; value: unknown };

answer<RpcQuestion>(
  (question) => measureCalls(question, open(question)),
  () => serve(),
);

function open({ mode }: RpcQuestion): BenchedCalls {
  const child = startPartner({}, mode === "advanced" ? "advanced" : "json");
  const waiting = new Map<number, (value: unknown) => void>();
  const called = new Map<number, (value: number) => number>();
  const sequences = new Map<number, (value: unknown) => void>();
  let last = 0;
  child.on("message", (message: Message) => {
    const { kind, id } = message;
    if (kind === "answer") {
      waiting.get(id)?.(message.value);
      waiting.delete(id);
    } else if (kind === "item") sequences.get(id)?.(message.value);
    else if (kind === "called") child.send({ kind, id, value: called.get(id)?.(message.value) });
  });
  const ask = <T>(id: number, message: object): Promise<T> =>
    new Promise((resolve) => {
      waiting.set(id, resolve as (value: unknown) => void);
      child.send({ ...message, id });
    });
  return {
    add: (a, b) => ask(++last, { kind: "add", a, b }),
    echo: (record) => ask(++last, { kind: "echo", record }),
    async callBack(fn) {
      const id = ++last;
      called.set(id, fn);
      const value = await ask<number>(id, { kind: "callBack" });
      called.delete(id);
      return value;
    },
    async *count(length) {
      const id = ++last;
      const items: unknown[] = [];
      let wake = (): void => undefined;
      sequences.set(id, (value) => {
        items.push(value);
        wake();
      });
      let ended = false;
      void ask(id, { kind: "count", length }).then(() => {
        ended = true;
        wake();
      });
      for (let at = 0; ; at++) {
        while (at === items.length && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (at === items.length) break;
        yield items[at] as number;
      }
      sequences.delete(id);
    },
    close: () => child.kill("SIGTERM"),
  };
}

function serve(): void {
  const calledBack = new Map<number, (value: number) => void>();
  const send = (message: Message): void => {
    process.send?.(message);
  };
  process.on("message", async (message: Message) => {
    const { id, kind } = message;
    const reply = (value: unknown): void => send({ kind: "answer", id, value });
    if (kind === "add") reply(rpcApi.add(message.a, message.b));
    else if (kind === "echo") reply(rpcApi.echo(message.record));
    else if (kind === "called") {
      calledBack.get(id)?.(message.value);
      calledBack.delete(id);
    } else if (kind === "callBack") {
      const call = (value: number): Promise<number> =>
        new Promise((resolve) => {
          calledBack.set(id, resolve);
          send({ kind: "called", id, value });
        });
      reply(await rpcApi.callBack(call));
    } else if (kind === "count") {
      for await (const value of rpcApi.count(message.length)) send({ kind: "item", id, value });
      reply(true);
    }
  });
}
