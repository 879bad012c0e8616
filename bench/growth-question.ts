/** What is done while so many processes have the objects; all but one or two of them only have them. */
export interface ProcessesQuestion {
  grows: "processes";
  operation: "queue" | "lock" | "wake";
  many: number;
  seconds: number;
}

/** A message through each of so many open queues in turn, and what opening them takes. */
export interface QueuesQuestion {
  grows: "queues";
  many: number;
  seconds: number;
}

/** What an object takes of shared memory and of the process that has made it. */
export interface MemoryQuestion {
  grows: "memory";
  kind: string;
}

export type GrowthQuestion = ProcessesQuestion | QueuesQuestion | MemoryQuestion;

export const operations = ["queue", "lock", "wake"] as const;

export const counts = { processes: [1, 2, 8, 32, 64], queues: [1, 10, 100, 1000] } as const;

/** The kinds of objects that are weighed. */
export const kinds = [
  "Lock",
  "RLock",
  "RWLock",
  "Semaphore",
  "BoundedSemaphore",
  "SharedEvent",
  "Condition",
  "Barrier",
  "SharedValue",
  "SharedArray of 1,000 f64",
  "SharedMemory of 4 KiB",
  "pipe",
  "Queue",
  "PriorityQueue",
  "Stack",
] as const;
