import { type Connection, isMain, type Process, pipe, Queue, spawn, task } from "interproc";
import { answer } from "../answer.js";
import { largeQueue } from "../queue-cells.js";
import {
  batch,
  checkLetters,
  endMark,
  type LetterCount,
  type Letters,
  lettersOf,
  type Portion,
  portion,
  type QueueQuestion,
  shapes,
  stopMark,
} from "../queue-letters.js";
import { type Figures, measureOneWay } from "../rounds.js";

/*
 * Ours. The measured messages go through one Queue; pipes tell producers and consumers when a round begins, and a second
 * Queue brings what they have to say: a consumer, that it has got a producer's last word, or what it has counted.
 */
type Report = "end" | LetterCount;

/** One way of using a queue: puts a portion of messages and a mark; gets until a stop. */
interface Mode {
  put(queue: Queue, letters: Letters, portion: Portion): Promise<void>;
  get(queue: Queue, letters: Letters, onEnd: () => Promise<void>): Promise<void>;
}

const modes: Record<string, Mode> = {
  await: {
    async put(queue, letters, { first, count }) {
      for (let i = first; i < first + count; i++) await queue.put(letters.message(i));
      await queue.put(letters.mark(endMark));
    },
    async get(queue, letters, onEnd) {
      for (;;) {
        const mark = letters.take(await queue.get());
        if (mark === endMark) await onEnd();
        else if (mark === stopMark) return;
      }
    },
  },
  blocking: {
    async put(queue, letters, { first, count }) {
      for (let i = first; i < first + count; i++) queue.putSync(letters.message(i));
      queue.putSync(letters.mark(endMark));
    },
    async get(queue, letters, onEnd) {
      for (;;) {
        const mark = letters.take(queue.getSync());
        if (mark === endMark) await onEnd();
        else if (mark === stopMark) return;
      }
    },
  },
  batch: {
    async put(queue, letters, { first, count }) {
      for (let i = first; i < first + count; ) {
        const values: unknown[] = [];
        for (const end = Math.min(first + count, i + batch); i < end; i++) values.push(letters.message(i));
        await queue.putMany(values);
      }
      await queue.put(letters.mark(endMark));
    },
    async get(queue, letters, onEnd) {
      for (;;) {
        let stops = 0;
        for (const came of await queue.getMany(batch)) {
          const mark = letters.take(came);
          if (mark === endMark) await onEnd();
          else if (mark === stopMark) stops++;
        }
        // The stops of other consumers may have come in the same batch; they go back.
        for (let i = 1; i < stops; i++) await queue.put(letters.mark(stopMark));
        if (stops > 0) return;
      }
    },
  },
};

export const producer = task(
  import.meta,
  async function producer(queue: Queue, rounds: Connection<never, Portion>, question: QueueQuestion) {
    const letters = lettersOf(question.payload);
    for await (const portion of rounds) await modeOf(question).put(queue, letters, portion);
  },
);

export const consumer = task(
  import.meta,
  async function consumer(
    queue: Queue,
    rounds: Connection<never, "go">,
    reports: Queue<Report>,
    question: QueueQuestion,
  ) {
    const letters = lettersOf(question.payload);
    for await (const _go of rounds) {
      await modeOf(question).get(queue, letters, () => reports.put("end"));
      await reports.put(letters.counted());
    }
  },
);

if (isMain(import.meta)) answer(drive);

async function drive(question: QueueQuestion): Promise<Figures> {
  const { producers, consumers } = shapes[question.shape];
  const queue = new Queue(question.mode.endsWith(largeQueue) ? { capacity: 2 ** 22 } : {});
  const reports = new Queue<Report>();
  const children: Process[] = [];
  const putting = Array.from({ length: producers }, () => {
    const [rounds, theirs] = pipe<Portion, never>();
    children.push(spawn(producer, [queue, theirs, question]));
    return rounds;
  });
  const getting = Array.from({ length: consumers }, () => {
    const [rounds, theirs] = pipe<"go", never>();
    children.push(spawn(consumer, [queue, theirs, reports, question]));
    return rounds;
  });
  const { mark } = lettersOf(question.payload);
  const failure = Promise.race(
    children.map(async (child) => {
      await child.result();
      throw new Error("interproc-queue: a producer or consumer ended before its time");
    }),
  );

  const round = async (count: number): Promise<number> => {
    const start = performance.now();
    for (const rounds of getting) await rounds.send("go");
    for (const [index, rounds] of putting.entries()) await rounds.send(portion(count, index, producers));
    for (let ends = 0; ends < producers; ends++) await reports.get();
    for (let stops = 0; stops < consumers; stops++) await queue.put(mark(stopMark));
    const counted: LetterCount[] = [];
    while (counted.length < consumers) counted.push((await reports.get()) as LetterCount);
    const took = (performance.now() - start) / 1000;
    checkLetters(question.payload, count, counted);
    return took;
  };

  const figures = await Promise.race([measureOneWay(question.seconds, round), failure]);
  failure.catch(() => undefined);
  for (const rounds of [...putting, ...getting]) rounds.close();
  await Promise.all(children.map((child) => child.join()));
  queue.close();
  reports.close();
  return figures;
}

function modeOf({ mode: name }: QueueQuestion): Mode {
  const mode = modes[name.replace(largeQueue, "")];
  if (mode === undefined) throw new Error(`interproc-queue: no mode "${name}"`);
  return mode;
}
