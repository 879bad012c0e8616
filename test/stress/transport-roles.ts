// The processes of a kill run over transports: victims, one for each kill, and a partner, which survives many of them.
import { readdirSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { type AsyncConnection, type Connection, connect, type Listener, listen, task } from "interproc";
import { monotonicMs } from "./monotonic-ms.js";
import { type Account, Progress } from "./progress.js";
import { Traffic } from "./traffic.js";

/** What one of the two is to do. */
export interface Part {
  readonly round: number;
  readonly isSender: boolean;
  readonly seed: number;
}

export interface VictimJob extends Part {
  /** Where it listens; undefined: it connects. */
  readonly listenAt: string | undefined;
  readonly connectTo: string;
  /** Where it keeps its account. */
  readonly path: string;
}

/** What the partner is told: to connect somewhere, or to say what came of a round once all is quiet. */
export type Order = { readonly connectTo: string; readonly part: Part } | { readonly settle: number };

export interface RoundReport {
  /** What the partner did in it; undefined when it never met the victim. */
  readonly account: (Account & { readonly resolved: number }) | undefined;
  readonly endedBy: string;
  readonly endedAt: number;
  readonly descriptors: number;
}

/** The first message on a connection that was made: what its other end is to do. */
interface Hello {
  readonly part: Part;
}

type Note = (account: Account, resolved: number) => void;

/** Sends messages 0, 1, 2 … and counts what the other side has acknowledged. */
async function sendAll(conn: AsyncConnection, seed: number, note: Note): Promise<never> {
  const traffic = new Traffic(seed, false);
  let [started, resolved, finished] = [0, 0, 0];
  const hear = async (): Promise<never> => {
    for (;;) {
      const acknowledged = (await conn.recv()) as number;
      if (acknowledged !== finished + 1) throw new Error(`${acknowledged} was acknowledged after ${finished}`);
      finished = acknowledged;
      note({ started, finished }, resolved);
    }
  };
  const send = async (): Promise<never> => {
    for (;;) {
      note({ started: ++started, finished }, resolved);
      await conn.send(traffic.at(started - 1));
      note({ started, finished }, ++resolved);
    }
  };
  const hearing = hear();
  hearing.catch(() => undefined);
  return Promise.race([send().catch(async (error) => hearing.catch(() => Promise.reject(error))), hearing]);
}

/** Receives and checks messages, and acknowledges each once it is noted. */
async function receiveAll(conn: AsyncConnection, seed: number, note: Note): Promise<void> {
  const traffic = new Traffic(seed, false);
  for (let received = 0; ; ) {
    const fault = traffic.faultOf(received, await conn.recv());
    if (!fault) received++;
    note({ started: received, finished: received, fault }, received);
    if (fault) return;
    try {
      await conn.send(received);
    } catch (error) {
      // who sent it is gone; what had been sent before is still to be read
      if ((error as { code?: string }).code !== "ERR_INTERPROC_BROKEN_PIPE") throw error;
    }
  }
}

const play = (conn: AsyncConnection, { isSender, seed }: Part, note: Note): Promise<void> =>
  isSender ? sendAll(conn, seed, note) : receiveAll(conn, seed, note);

export const transportVictim = task(import.meta, async function transportVictim(job: VictimJob | undefined) {
  if (!job) return;
  const { listenAt, connectTo, path, round, isSender, seed } = job;
  let conn: AsyncConnection;
  if (listenAt === undefined) conn = await connect(connectTo);
  else {
    const listener = await listen(listenAt);
    process.stdout.write(`${listener.address}\n`);
    conn = await listener.accept();
  }
  const progress = new Progress(path);
  const resolutions = new Progress(`${path}-resolved`);
  await conn.send({ part: { round, isSender: !isSender, seed } } satisfies Hello);
  process.stdout.write("begun\n");
  await play(conn, job, (account, resolved) => {
    progress.record(account);
    resolutions.record({ started: resolved, finished: resolved });
  });
});

export const transportPartner = task(
  import.meta,
  async function transportPartner(orders: Connection<RoundReport | string, Order>, listenAt: string) {
    const reports = new Map<number, RoundReport>();
    const playing = new Set<Promise<void>>();
    const begin = (conn: AsyncConnection): void => {
      const play = meet(conn, reports).finally(() => playing.delete(play));
      playing.add(play);
    };
    const listener = await listen(listenAt);
    const accepting = acceptAll(listener, begin);
    await orders.send(listener.address);
    for await (const order of orders) {
      if ("connectTo" in order) {
        const connecting = connect(order.connectTo, { timeout: 20_000 }).then(begin, () => undefined);
        const whole: Promise<void> = connecting.finally(() => playing.delete(whole));
        playing.add(whole);
        continue;
      }
      do await turn();
      while (playing.size > 0 || listener.connections > 0);
      const nothing = { account: undefined, endedBy: "nothing", endedAt: monotonicMs(), descriptors: 0 };
      const descriptors = readdirSync("/proc/self/fd").length;
      await orders.send({ ...(reports.get(order.settle) ?? nothing), descriptors });
      reports.clear();
    }
    await listener.close();
    await accepting;
  },
);

async function acceptAll(listener: Listener, begin: (conn: AsyncConnection) => void): Promise<void> {
  for await (const conn of listener) begin(conn);
}

/** The partner's part in one connection: the victim says first which. */
async function meet(conn: AsyncConnection, reports: Map<number, RoundReport>): Promise<void> {
  let account: RoundReport["account"];
  let part: Part | undefined;
  const endedBy = await (async () => {
    ({ part } = (await conn.recv()) as Hello);
    account = { started: 0, finished: 0, resolved: 0 };
    await play(conn, part, (latest, resolved) => {
      account = { ...latest, resolved };
    });
    return "a fault";
  })().catch((error: { code?: string; message: string }) => error.code ?? error.message);
  const endedAt = monotonicMs();
  conn.close();
  if (part) reports.set(part.round, { account, endedBy, endedAt, descriptors: 0 });
}
