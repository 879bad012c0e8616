import { Worker } from "node:worker_threads";
import { type AsyncConnection, type Process, pipe, share, spawn } from "interproc";
import type { Answer, Order } from "../programs/far-end.js";
import { farEndChild } from "../programs/far-end-child.js";
import { farEnd, type Pair } from "./connection-kind.js";

/** Where far ends are, and how orders go there and answers come back. */
abstract class FarEnds {
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  private orders = 0;
  private ends = 0;

  /** Hands the far end over and gives what orders it about. */
  take<C extends AsyncConnection>(near: C, theirs: AsyncConnection): Pair<C> {
    const end = this.ends++;
    this.post({ id: this.orders++, end, method: "take", args: [this.parcel(theirs)] });
    return { near, far: farEnd((method, args) => this.order(end, method, args)) };
  }

  protected answered({ id, value, error }: Answer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) waiting?.reject(Object.assign(new Error(error.message), { code: error.code }));
    else waiting?.resolve(value);
  }

  protected abstract post(order: Order): void;
  protected abstract parcel(end: AsyncConnection): unknown;
  abstract stop(): Promise<void>;

  private order(end: number, method: string, args: readonly unknown[]): Promise<unknown> {
    const id = this.orders++;
    const answer = new Promise<unknown>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    this.post({ id, end, method, args });
    return answer;
  }
}

/** Far ends in a child process: they move there inside messages. */
export class FarEndsInChild extends FarEnds {
  private readonly orderPipe: AsyncConnection<Order, Answer>;
  private readonly child: Process;

  constructor() {
    super();
    const [mine, theirs] = pipe<Order, Answer>({ capacity: 2 ** 20 });
    this.orderPipe = mine;
    this.child = spawn(farEndChild, [theirs]);
    void this.listen();
  }

  async stop(): Promise<void> {
    this.orderPipe.close();
    await this.child.join();
  }

  protected parcel(end: AsyncConnection): unknown {
    return end;
  }

  protected post(order: Order): void {
    void this.orderPipe.send(order);
  }

  private async listen(): Promise<void> {
    try {
      for await (const answer of this.orderPipe) this.answered(answer);
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_INTERPROC_CLOSED") throw error;
    }
  }
}

/** Far ends in a worker thread: they move there by `share` and `attach`. */
export class FarEndsInWorker extends FarEnds {
  private readonly worker = new Worker(new URL("../programs/far-end-worker.js", import.meta.url));

  constructor() {
    super();
    this.worker.on("message", (answer: Answer) => this.answered(answer));
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  protected parcel(end: AsyncConnection): unknown {
    return share(end);
  }

  protected post(order: Order): void {
    this.worker.postMessage(order);
  }
}
