import { bindUdp, type Connection, pipe, task, type UdpSocket } from "../../index.js";
import type { Mechanism, Wire } from "./mechanism.js";
import { message } from "./message.js";
import type { Peer } from "./peer.js";
import { spawnPeer } from "./spawn-peer.js";

const MOST_BYTES = 65_507;
/** The kernel's room for a socket is asked to be as large as it may be. */
const OPTIONS = { codec: "bytes", recvBufferSize: 2 ** 20 } as const;
/** An answer that has not come by then was lost. */
const LOST_MS = 500;
/** So much is under way before the receiver says what it has, so that the kernel's room for a socket suffices. */
const WINDOW_BYTES = 64 * 1024;
const WINDOW_MESSAGES = 64;
/** A receipt is asked for so often before the other side counts as gone. */
const MOST_ASKS = 10;

type Socket = UdpSocket<Uint8Array, Uint8Array>;

const answerUdp = task(import.meta, async function answerUdp(told: Connection<string>): Promise<void> {
  const socket = await bindUdp<Uint8Array, Uint8Array>("udp://127.0.0.1:0", OPTIONS);
  await told.send(socket.address);
  let total = 0;
  for await (const { value, from } of socket) {
    if (message.isEcho(value)) {
      await socket.send(value, from);
      continue;
    }
    if (!message.isAsking(value)) {
      total++;
      continue;
    }
    // asked again when the answer was lost, so it counts nothing itself
    const receipt = message.receipt(total);
    message.setNumber(receipt, message.number(value));
    await socket.send(receipt, from);
  }
});

/** `bindUdp()`: datagrams, which may be lost; those that were not answered in time are counted as such. */
export const udpMechanism: Mechanism = {
  traits: {
    name: "udp",
    title: "UDP",
    carries: "messages",
    reach: ["machine", "network"],
    survives: "nothing",
    hasManyTakers: false,
    blocks: false,
    losesMessages: true,
    mostBytes: MOST_BYTES,
  },
  async open(_mostBytes, signal) {
    const socket = await bindUdp<Uint8Array, Uint8Array>("udp://127.0.0.1:0", OPTIONS);
    const [mine, theirs] = pipe<never, string>();
    const peer = spawnPeer(answerUdp, [theirs as unknown as Connection<string>], signal);
    try {
      return new UdpWire(peer, socket, await Promise.race([mine.recv(), peer.failed]));
    } catch (error) {
      socket.close();
      await peer.end();
      throw error;
    } finally {
      mine.close();
    }
  },
};

class UdpWire implements Wire {
  private number = 0;
  private counted = 0;

  constructor(
    readonly peer: Peer,
    private readonly socket: Socket,
    private readonly to: string,
  ) {}

  async trip(bytes: number): Promise<boolean> {
    const echo = message.echo(bytes);
    return (await this.ask(echo)) !== undefined;
  }

  async flood(bytes: number, count: number): Promise<number> {
    const plain = message.plain(bytes);
    const window = Math.max(1, Math.min(WINDOW_MESSAGES, Math.floor(WINDOW_BYTES / bytes)));
    const before = this.counted;
    for (let left = count; left > 0; ) {
      const batch = Math.min(left, window);
      left -= batch;
      await Promise.all(Array.from({ length: batch }, () => this.socket.send(plain, this.to)));
      this.counted = await this.total();
    }
    return this.counted - before;
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.peer.end();
  }

  /** What the other side has counted. */
  private async total(): Promise<number> {
    for (let asks = 0; asks < MOST_ASKS; asks++) {
      const receipt = await this.ask(message.asking(message.LEAST_BYTES));
      if (receipt) return message.total(receipt);
    }
    throw new Error(`${MOST_ASKS} datagrams in a row were not answered`);
  }

  /** Sends one and waits for the answer with its number; undefined when that does not come. */
  private async ask(question: Uint8Array): Promise<Uint8Array | undefined> {
    const number = ++this.number | 0;
    message.setNumber(question, number);
    await this.socket.send(question, this.to);
    try {
      for (;;) {
        const { value } = await this.socket.recv({ timeout: LOST_MS });
        if (message.number(value) === number) return value;
      }
    } catch (error) {
      if ((error as { code?: string }).code === "ERR_INTERPROC_TIMEOUT") return undefined;
      throw error;
    }
  }
}
