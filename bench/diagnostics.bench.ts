import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Queue } from "interproc";
import type { Bench } from "./bench.js";
import { median, spread } from "./statistics.js";
import { factor, table } from "./table.js";

const TURNS = 20_000;
const WARM = 5;
const value = { id: 1, name: "job 1" };

/** The parts of a queue that the bench goes around: its put without the look whether anybody has subscribed. */
interface Inside {
  readonly state: { readonly putting: { tryPutWith(value: unknown, priority: number): boolean } };
}

interface Way {
  readonly label: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isHeard?: boolean;
  turn(queue: Queue): void;
}

const usual = (queue: Queue): void => {
  queue.tryPut(value);
  queue.tryGet();
};

const ways: readonly Way[] = [
  {
    label: "a put that does not look",
    turn: (queue) => {
      (queue as unknown as Inside).state.putting.tryPutWith(value, 0);
      queue.tryGet();
    },
  },
  { label: "nobody has subscribed", turn: usual },
  { label: "somebody hears puts and gets", isHeard: true, turn: usual },
  {
    label: "somebody has a trace's context go along",
    isHeard: true,
    headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    turn: usual,
  },
];

const notes = [
  "ns of processor time for tryPut and tryGet of { id, name } in one process; the ways are measured in turns, each turn",
  "  20,000 messages, so that what else the machine does falls on all of them",
];

export const bench: Bench = {
  summary: "what node:diagnostics_channel costs a queue: while nobody has subscribed, and while somebody has",

  async run({ quick, runs, only }) {
    const wanted = ways.filter(({ label }) => only === undefined || label.includes(only));
    const nanos = new Map<Way, number[]>(wanted.map((way) => [way, []]));
    const rounds = (quick ? 10 : 50) * runs;
    for (let round = -WARM; round < rounds; round++)
      for (const way of round % 2 === 0 ? wanted : [...wanted].reverse()) {
        const took = turnsOf(way);
        if (round >= 0) nanos.get(way)?.push(took);
      }
    const rows = wanted.map((way) => {
      const all = nanos.get(way) ?? [];
      return { way: way.label, nanos: median(all), spread: spread(all) };
    });
    const [first] = rows;
    const lines = rows.map((row) => [
      row.way,
      row.nanos.toFixed(0),
      `${(row.spread * 100).toFixed(0)} %`,
      factor(row.nanos / first.nanos),
    ]);
    const text = table(["a message there and back", "ns", "spread", "of the first"], lines, 1);
    return { text: `${text}\n\nnotes\n${notes.map((note) => `  ${note}`).join("\n")}`, data: { rows } };
  },
};

/** Nanoseconds of processor time for one message, in a queue of its own. */
function turnsOf({ isHeard = false, headers, turn }: Way): number {
  using queue = new Queue({ capacity: 1 << 20 });
  const hear = (event: unknown): void => {
    if (headers) Object.assign((event as { headers: object }).headers, headers);
  };
  const start = "tracing:interproc:queue.put:start";
  const got = "interproc:queue.get";
  const nothing = (): void => undefined;
  if (isHeard) {
    subscribe(start, hear);
    subscribe(got, nothing);
  }
  const before = process.cpuUsage();
  for (let n = 0; n < TURNS; n++) turn(queue);
  const { user, system } = process.cpuUsage(before);
  if (isHeard) {
    unsubscribe(start, hear);
    unsubscribe(got, nothing);
  }
  return ((user + system) * 1000) / TURNS;
}
