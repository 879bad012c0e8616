import { type Connection, pipe, task } from "../../index.js";
import type { Mechanism, Wire } from "./mechanism.js";
import { message } from "./message.js";
import { spawnPeer } from "./spawn-peer.js";

/** A side that is dead or stopped for so long is given up: the thread that measures blocks meanwhile. */
const PATIENCE_MS = 5000;
/** So many messages of a flood are sent before signals and timers are looked at again. */
const TURN_MESSAGES = 4096;

type End = Connection<Uint8Array, Uint8Array>;

const answerSync = task(import.meta, async function answerSync(end: End): Promise<void> {
  let total = 0;
  for (;;) {
    const received = end.recvBytesSync();
    if (message.isEcho(received)) {
      end.sendBytesSync(received);
      continue;
    }
    total++;
    if (message.isAsking(received)) end.sendBytesSync(message.receipt(total));
  }
});

/** `pipe()` in the forms that block the thread: what two processes do that have nothing else to do. */
export const pipeSyncMechanism: Mechanism = {
  traits: {
    name: "pipe-sync",
    title: "pipe (blocking)",
    carries: "messages",
    reach: ["machine"],
    survives: "sender",
    hasManyTakers: false,
    blocks: true,
    losesMessages: false,
  },
  async open() {
    const [mine, theirs] = pipe<Uint8Array, Uint8Array>();
    return new SyncWire(spawnPeer(answerSync, [theirs]), mine);
  },
};

class SyncWire implements Wire {
  private trips = 0;
  private sent = 0;
  private echo = message.echo(message.LEAST_BYTES);

  constructor(
    readonly peer: Wire["peer"],
    private readonly end: End,
  ) {}

  trip(bytes: number): boolean {
    if (this.echo.length !== bytes) this.echo = message.echo(bytes);
    const number = ++this.trips | 0;
    message.setNumber(this.echo, number);
    this.end.sendBytesSync(this.echo, { timeout: PATIENCE_MS });
    const answer = this.end.recvBytesSync({ timeout: PATIENCE_MS });
    if (answer.length !== bytes || message.number(answer) !== number)
      throw new Error(`${bytes} bytes came back as ${answer.length}, or as another message`);
    return true;
  }

  async flood(bytes: number, count: number): Promise<number> {
    const plain = message.plain(bytes);
    const timeout = PATIENCE_MS;
    for (let i = 1; i < count; i++) {
      if (!this.end.trySendBytes(plain)) this.end.sendBytesSync(plain, { timeout });
      if (i % TURN_MESSAGES === 0) await new Promise((done) => setImmediate(done));
    }
    this.end.sendBytesSync(message.asking(bytes), { timeout });
    this.sent += count;
    const total = message.total(this.end.recvBytesSync({ timeout }));
    if (total !== this.sent) throw new Error(`the other side has counted ${total} messages of ${this.sent}`);
    return count;
  }

  async close(): Promise<void> {
    await this.peer.end();
    this.end.close();
  }
}
