import { fileURLToPath } from "node:url";
import { isMainThread, type MessagePort, parentPort, Worker } from "node:worker_threads";
import { answer } from "../answer.js";
import { loadPeerPackage } from "../peer-packages.js";
import { rpcApi } from "../rpc-api.js";
import type { RpcQuestion } from "../rpc-question.js";
import type { RpcRecord } from "../rpc-record.js";
import { measureCalls } from "../rpc-rounds.js";

/* comlink between two threads. It has no sequences: what stands for one is a proxied iterator, asked for each item. */
interface Iterator {
  next(): Promise<IteratorResult<number, void>>;
}
interface Far {
  add(a: number, b: number): Promise<number>;
  echo(record: RpcRecord): Promise<RpcRecord>;
  callBack(fn: unknown): Promise<number>;
  count(length: number): Promise<Iterator>;
}
const { expose, proxy, wrap } = loadPeerPackage<{
  expose(api: object, endpoint: unknown): void;
  proxy<T extends object>(value: T): T;
  wrap<T>(endpoint: unknown): T;
}>("comlink");
const endpointOf = loadPeerPackage<(port: Worker | MessagePort | null) => unknown>("comlink/dist/umd/node-adapter.js");

if (isMainThread) {
  answer<RpcQuestion>((question) => {
    const worker = new Worker(fileURLToPath(import.meta.url));
    const far = wrap<Far>(endpointOf(worker));
    return measureCalls(question, {
      add: (a, b) => far.add(a, b),
      echo: (record) => far.echo(record),
      callBack: (fn) => far.callBack(proxy(fn)),
      async *count(length) {
        const iterator = await far.count(length);
        for (let item = await iterator.next(); !item.done; item = await iterator.next()) yield item.value;
      },
      close: () => worker.terminate(),
    });
  });
} else {
  const count = (length: number): object => {
    const sequence = rpcApi.count(length);
    return proxy({ next: () => sequence.next() });
  };
  expose({ ...rpcApi, count }, endpointOf(parentPort));
}
