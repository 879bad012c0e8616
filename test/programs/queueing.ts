// Tasks that use the queues they are given.
import { type Connection, Queue, type SharedValue, task } from "interproc";

/** Puts numbers from `first` on, by one form or another, and exits straight after. */
export const putting = task(
  import.meta,
  async function putting(queue: Queue<unknown>, first: number, count: number, form: "put" | "putSync" | "putMany") {
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    if (form === "putMany") await queue.putMany(numbers);
    else for (const number of numbers) form === "put" ? await queue.put(number) : queue.putSync(number);
  },
);

/** Gets until the queue is shut down and drained, and gives what it got. */
export const draining = task(
  import.meta,
  async function draining(queue: Queue<unknown>, form: "for await" | "getSync" | "getMany" | "messages") {
    const got: unknown[] = [];
    try {
      if (form === "for await") for await (const value of queue) got.push(value);
      else if (form === "messages")
        for await (const message of queue.messages()) {
          got.push(message.value);
          message.ack();
        }
      else for (;;) got.push(...(form === "getSync" ? [queue.getSync()] : await queue.getMany(64)));
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_INTERPROC_CLOSED") throw error;
    }
    return got;
  },
);

/** Takes so many messages, says which, and holds them until it is killed or told to go on. */
export const taking = task(
  import.meta,
  async function taking(queue: Queue<unknown>, count: number, say: Connection<unknown, string>) {
    const messages = [];
    for (let i = 0; i < count; i++) messages.push(await queue.take());
    await say.send(messages.map(({ value, deliveries }) => [typeof value === "object" ? "object" : value, deliveries]));
    const then = await say.recv();
    if (then === "ack") for (const message of messages) message.ack();
    if (then === "exit") process.exit(0);
  },
);

/** Says that it is there, then waits for a message for ever. */
export const waitingToGet = task(
  import.meta,
  async function waitingToGet(queue: Queue<unknown>, say: Connection<string, never>, form: "get" | "getSync") {
    await say.send("waiting");
    if (form === "getSync") queue.getSync();
    else await queue.get();
  },
);

/** Puts long messages for ever, each of one byte's value throughout. */
export const flooding = task(
  import.meta,
  function flooding(queue: Queue<Uint8Array>, length: number, count: SharedValue<"i32">) {
    for (let i = 0; ; i++) {
      queue.putSync(new Uint8Array(length).fill(i & 255));
      count.add(1);
    }
  },
);

/** Consumes by messages() and acknowledges at random, counting what it has finished. */
export const working = task(import.meta, async function working(queue: Queue<number>, done: Queue<number>) {
  for await (const message of queue.messages()) {
    await done.put(message.value);
    message.ack();
  }
});

/** Hands back what it got through the other queue. */
export const echoing = task(import.meta, async function echoing(from: Queue<unknown>, to: Queue<unknown>) {
  for await (const value of from) await to.put(value);
});

/** Opens a queue by name and answers on another one. */
export const answering = task(import.meta, async function answering(name: string) {
  using asked = Queue.open<number>(name);
  using answers = Queue.open<number>(`${name}-answers`);
  for await (const number of asked) answers.putSync(number * 2);
});

/** Leaves a queue of its own behind with everything in it that needs a file, and closes nothing. */
export const forgetting = task(import.meta, function forgetting(name: string) {
  const queue = name === "" ? new Queue<unknown>({ capacity: 4096 }) : Queue.create<unknown>(name, { capacity: 4096 });
  queue.tryPut("x".repeat(10_000));
  queue.tryPut({ inner: new Queue(), text: "y".repeat(10_000) });
  queue.tryTake();
});

/** Leaves while a put waits for room. */
export const exitingWithPut = task(import.meta, async function exitingWithPut(queue: Queue<string>) {
  void queue.put("late");
  setImmediate(() => process.exit(3));
});
