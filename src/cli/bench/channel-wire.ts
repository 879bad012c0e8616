import type { Channel } from "./channel.js";
import type { Wire } from "./mechanism.js";
import { message } from "./message.js";
import type { Peer } from "./peer.js";

const BATCH_BYTES = 64 * 1024;
const BATCH_MESSAGES = 64;

/** How much may be on its way before the receiver has confirmed it, for what keeps everything that is sent. */
export interface SendWindow {
  readonly bytes: number;
  readonly messages: number;
}

/** Measures a channel whose other end `answerMessages` has. */
export class ChannelWire implements Wire {
  private readonly echoes = new Map<number, Uint8Array>();
  private trips = 0;
  private sent = 0;

  constructor(
    readonly peer: Peer,
    private readonly channel: Channel,
    private readonly cleanUp: () => unknown = () => undefined,
    private readonly window?: SendWindow,
  ) {}

  async trip(bytes: number): Promise<boolean> {
    const echo = this.echoFor(bytes);
    const number = ++this.trips | 0;
    message.setNumber(echo, number);
    await this.channel.send(echo);
    const answer = await this.channel.recv();
    if (answer.length !== bytes || message.number(answer) !== number)
      throw new Error(`${bytes} bytes came back as ${answer.length}, or as another message`);
    return true;
  }

  async flood(bytes: number, count: number): Promise<number> {
    const [plain, asking] = [message.plain(bytes), message.asking(bytes)];
    const most = Math.max(1, Math.min(BATCH_MESSAGES, Math.floor(BATCH_BYTES / bytes)));
    const window = this.window ? Math.min(this.window.messages, Math.ceil(this.window.bytes / bytes)) : count;
    const batches = Array.from({ length: most + 1 }, (_, length) => new Array<Uint8Array>(length).fill(plain));
    let [asked, unasked, total] = [0, 0, this.sent];
    const receipt = async (): Promise<void> => {
      total = message.total(await this.channel.recv());
      asked--;
    };
    for (let left = count; left > 0; ) {
      let batch = batches[Math.min(left, most)];
      left -= batch.length;
      unasked += batch.length;
      if (left === 0 || unasked >= window) {
        batch = [...batch.slice(1), asking];
        unasked = 0;
        asked++;
      }
      await this.channel.sendMany(batch);
      if (asked === 2) await receipt();
    }
    while (asked > 0) await receipt();
    this.sent += count;
    if (total !== this.sent) throw new Error(`the other side has counted ${total} messages of ${this.sent}`);
    return count;
  }

  async close(): Promise<void> {
    try {
      await this.peer.end();
    } finally {
      await this.cleanUp();
    }
  }

  private echoFor(bytes: number): Uint8Array {
    let echo = this.echoes.get(bytes);
    if (echo === undefined) {
      echo = message.echo(bytes);
      this.echoes.set(bytes, echo);
    }
    return echo;
  }
}
