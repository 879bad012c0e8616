import { attach, PriorityQueue, Queue, type QueueOptions, share } from "interproc";
import { everyQueue } from "./queue.js";
import type { AnyQueue, QueueBackend } from "./queue-kind.js";

/** The promise forms of a queue in shared memory. */
function promising(queue: Queue<unknown>): AnyQueue {
  return {
    put: (value, options) => queue.put(value, options),
    putMany: (values) => queue.putMany(values),
    get: (options) => queue.get(options),
    getMany: (max, options) => queue.getMany(max, options),
    messages: (options) => queue.messages(options),
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
    size: async () => queue.size,
    unacked: async () => queue.unacked,
    join: (options) => queue.join(options),
    shutdown: async (options) => queue.shutdown(options),
    close: async () => queue.close(),
  };
}

function sharedMemory(name: string, create: (options: QueueOptions) => Queue<unknown>): QueueBackend {
  return {
    name,
    capabilities: new Set(["maxItems", "maxDeliveries", "deadLetter", "shutdown", "join", "unacked", "front"]),
    async make({ letters: withLetters, ...options } = {}) {
      const letters = withLetters ? new Queue<unknown>() : undefined;
      const queue = create({ ...options, deadLetter: letters });
      const other = attach<Queue<unknown>>(share(queue));
      return { queue: promising(queue), other: promising(other), letters: letters && promising(letters) };
    },
  };
}

everyQueue(sharedMemory("a queue in shared memory", (options) => new Queue<unknown>(options)));
everyQueue(sharedMemory("a priority queue", (options) => new PriorityQueue<unknown>(options)));
