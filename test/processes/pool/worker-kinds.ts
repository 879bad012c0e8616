/** What a pool's workers can be: what holds for one kind is tested for the other as well. */
export const workerKinds = ["process", "thread"] as const;
